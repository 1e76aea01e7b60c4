/** `mambalite torch`: writes the exporter, one Python file that needs only torch. */
import { readFileSync } from "node:fs";
import { requireWritable, writeAtomically } from "../files.js";
import { oneLine } from "../text.js";

export interface TorchOptions {
  readonly output: string;
}

const EXPORTER = new URL("../../torch/mambalite_torch.py", import.meta.url);

export async function torch({ output }: TorchOptions): Promise<string> {
  requireWritable(output, []);
  const bytes = new Uint8Array(readFileSync(EXPORTER));
  await writeAtomically(output, bytes, []);
  return (
    `${oneLine(output)}: in your own code: from mambalite_torch import export; ` +
    `export(model, example_input, "model.safetensors")\n`
  );
}
