/** `mambalite draft`: an arch file to edit, for a checkpoint whose names say nothing. */
import { draftOf, draftText } from "../../checkpoint/draft/index.js";
import { readCheckpoint } from "../../checkpoint/index.js";
import { inFile, readBytes, requireWritable, writeAtomically } from "../files.js";
import { renderDraft } from "../render/draft.js";
import { oneLine } from "../text.js";

export interface DraftOptions {
  readonly output?: string;
}

/** Without a file to write: the arch file itself. */
export async function draft(checkpoint: string, { output }: DraftOptions): Promise<string> {
  if (output !== undefined) requireWritable(output, [checkpoint]);
  const made = await inFile(checkpoint, () =>
    draftOf(readCheckpoint(readBytes(checkpoint), { name: checkpoint })),
  );
  const text = draftText(made);
  if (output === undefined) return text;
  await writeAtomically(output, new TextEncoder().encode(text), [checkpoint]);
  const [file, arch] = [checkpoint, output].map(oneLine);
  return (
    `${arch}: a draft of ${file}\n${renderDraft(made)}` +
    `  edit what is a guess (each is marked "guess"), then: mambalite compare ${file} --arch ${arch} --golden FOLDER\n`
  );
}
