/** Folding, as the rest of the package sees it. */
export { createFoldedBlob } from "./blob.js";
export { type Folding, foldNetwork } from "./fold.js";
export { type FoldCounts, type FoldRecord, readFoldRecord } from "./record.js";
export type { FoldStep } from "./rewrites.js";
