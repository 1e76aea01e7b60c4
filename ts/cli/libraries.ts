/**
 * What the command line takes from elsewhere. Packed, the libraries are inside this file (scripts/bundle-libraries.mjs), so that
 * whoever installs the package for a page or an application gets none of them.
 */

export { Presets, SingleBar } from "cli-progress";
export { default as Table } from "cli-table3";
export { Command, CommanderError } from "commander";
export { default as colors } from "picocolors";
