/** Drafts of arch files for checkpoints of unknown names. */
export { type Draft, type DraftLine, draftLines, draftOf, draftText } from "./draft.js";
