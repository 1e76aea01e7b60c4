#!/usr/bin/env node
/**
 * Starts the command line. In a checkout it first brings `dist/` up to date; in an installed package
 * `dist/` is all there is.
 */
import { existsSync } from "node:fs";
import { argv, exit, stderr } from "node:process";

const isCheckout = existsSync(new URL("../tsconfig.build.json", import.meta.url));
if (isCheckout) {
  const { BuildFailure, ensureBuilt } = await import("./build.mjs");
  try {
    ensureBuilt();
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    stderr.write(`mambalite: cannot build this checkout: ${error.message}\n`);
    exit(1);
  }
}
const { main } = await import("../dist/cli/main.js");
await main(argv.slice(2));
