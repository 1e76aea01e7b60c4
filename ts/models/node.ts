/** The models of index.ts for Node, which finds the files of `har` in a checkout and in @mambalite/har beside this package. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { NotInstalled } from "../core/errors.js";
import { HAR_PACKAGE, harMissing, harModel } from "./har.js";
import { type BundledModel, BUNDLED_MODELS as PORTABLE } from "./index.js";

export * from "./index.js";

/** From ts/models as from dist/models; not in what is published. */
const CHECKOUT = new URL("../../ts/models/har/package.json", import.meta.url);

const HAR = harModel((file) => new URL(file, harManifest()));

export const BUNDLED_MODELS: readonly BundledModel[] = PORTABLE.map((model) =>
  model.name === HAR.name ? HAR : model,
);

/** Whether its files are there to be asked for. */
export function isInstalled(model: BundledModel): boolean {
  try {
    return existsSync(model.blob);
  } catch (error) {
    if (error instanceof NotInstalled) return false;
    throw error;
  }
}

/** @throws NotInstalled */
function harManifest(): URL {
  if (existsSync(CHECKOUT)) return CHECKOUT;
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve(`${HAR_PACKAGE}/package.json`));
  } catch {
    throw harMissing(`install ${HAR_PACKAGE} beside it (npm install ${HAR_PACKAGE})`);
  }
}
