/**
 * Puts the libraries of the command line into cli/libraries.js of a built folder, with their licences beside it, so that
 * who installs the package installs none of them. Knows nothing of what is done with them.
 *
 *   node scripts/bundle-libraries.mjs FOLDER
 */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const [, , folder] = argv;
const entry = join(folder, "cli/libraries.js");
const licences = join(folder, "cli/libraries-licences.txt");
const NAME = "libraries.js";

/** Folders of the packages that went in. */
const packages = new Set();

/** @param {string} path of a module */
function packageOf(path) {
  const around = dirname(path);
  if (around === dirname(around)) return undefined;
  const isPackage = /node_modules\/(@[^/]+\/)?[^/]+$/.test(around);
  return isPackage ? around : packageOf(around);
}

function licenceOf(library) {
  const { name, version, license } = JSON.parse(
    readFileSync(join(library, "package.json"), "utf8"),
  );
  const file = readdirSync(library).find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? "" : readFileSync(join(library, file), "utf8").trim();
  return `${name} ${version}, ${license}\n\n${text}\n`;
}

const outDir = mkdtempSync(join(root, "build/libraries."));
try {
  await build({
    ...{ root, configFile: false, logLevel: "error", publicDir: false },
    ssr: { noExternal: true },
    build: {
      ...{ ssr: entry, outDir, minify: false, target: "node20" },
      rollupOptions: { output: { entryFileNames: NAME } },
    },
    plugins: [
      {
        name: "licences",
        moduleParsed({ id }) {
          const library = existsSync(id) ? packageOf(id) : undefined;
          if (library !== undefined) packages.add(library);
        },
      },
    ],
  });
  renameSync(join(outDir, NAME), entry);
} finally {
  rmSync(outDir, { recursive: true, force: true });
}
writeFileSync(
  licences,
  [...packages]
    .sort()
    .map(licenceOf)
    .join(`\n${"-".repeat(80)}\n\n`),
);
