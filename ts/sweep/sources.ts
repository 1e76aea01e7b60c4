/** Where a worker has models and data from: this machine's files, or what is shared under their hashes. */
import { LocalSource, type Places, type Source } from "./contents.js";
import { SharedSource } from "./share.js";

/** Plain data: threads get it. */
export type SourceChoice =
  | { readonly kind: "local"; readonly places: Places }
  | { readonly kind: "shared"; readonly from: string; readonly cache: string };

export function openSource(choice: SourceChoice): Source {
  return choice.kind === "local"
    ? new LocalSource(choice.places)
    : new SharedSource(choice.from, choice.cache);
}
