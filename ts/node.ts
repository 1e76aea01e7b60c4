/**
 * The public entry for Node: everything of index.ts, and files that can be read, which is how
 * `Engine.load()` gets the core that lies beside this file.
 */
import "./host/node-files.js";

export * from "./index.js";
