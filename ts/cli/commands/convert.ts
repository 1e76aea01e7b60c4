/** `mambalite convert`: a checkpoint becomes a model blob, tested before it is written. */
import { BadArgument } from "../../core/errors.js";
import { locateModel } from "../bundled.js";
import { requireWritable, writeAtomically } from "../files.js";
import { toJson } from "../json.js";
import { withModel } from "../load-model.js";
import { grouped, oneLine } from "../text.js";

export interface ConvertOptions {
  readonly output: string;
  readonly arch?: string;
  readonly frontend?: string;
  readonly labels?: string;
  readonly fold?: boolean;
  readonly json?: boolean;
}

export async function convert(checkpoint: string, options: ConvertOptions): Promise<string> {
  const { arch, frontend, labels } = options;
  const { model: file } = locateModel(checkpoint, true);
  const sources = [file, arch, frontend, labels].filter((path) => path !== undefined);
  requireWritable(options.output, sources);
  return withModel(
    checkpoint,
    { ...options, asCheckpoint: true },
    async ({ model, blob, format, convention }) => {
      if (format === "mlm") {
        throw new BadArgument("checkpoint", ".safetensors, .pth or .pt", `${checkpoint}, a .mlm`);
      }
      const session = model.createSession();
      try {
        if (model.info.selfTestFrames > 0) session.selfTest();
      } finally {
        session.dispose();
      }
      await writeAtomically(options.output, blob, sources);
      const crc32 = model.info.crc32.toString(16).padStart(8, "0");
      if (options.json) {
        const { output } = options;
        return toJson({ output, format, convention, blobBytes: blob.length, crc32 });
      }
      return (
        `${oneLine(options.output)}: ${grouped(blob.length)} bytes, CRC-32 ${crc32}, ` +
        `from ${format} (${convention} naming)\n`
      );
    },
  );
}
