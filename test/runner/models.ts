/** The bundled models for a board: blobs, examples as values, and what WebAssembly makes of them. */
import { readFileSync } from "node:fs";
import { readAudio } from "../../ts/audio/index.js";
import { readNpy } from "../../ts/checkpoint/index.js";
import { BUNDLED_MODELS } from "../../ts/models/node.js";
import { Engine, type Model } from "../../ts/node.js";

const SAMPLE_RATE_HZ = 16_000;
/** As a payload has it. */
const INT16 = 1;
const FLOAT32 = 2;
const FULL_SCALE = 32_768;

export interface Recording {
  readonly label: string;
  /** As the model takes it. */
  readonly input: Float32Array | Int16Array;
}

export interface BoardModel {
  readonly name: string;
  readonly blob: Uint8Array;
  readonly labels: readonly string[];
  readonly recordings: readonly Recording[];
  readonly kind: number;
}

/** By its name: "har", "har-int", "kws", "kws-int". */
export function boardModel(name: string): BoardModel {
  const isInteger = name.endsWith("-int");
  const base = name.replace("-int", "");
  const bundled = BUNDLED_MODELS.find((model) => model.name === base)!;
  const isSound = base === "kws";
  return {
    name,
    blob: new Uint8Array(readFileSync(isInteger ? bundled.integers.blob : bundled.blob)),
    labels: JSON.parse(readFileSync(bundled.labels, "utf8")),
    kind: isSound && isInteger ? INT16 : FLOAT32,
    recordings: bundled.examples.map(({ label, url }) => {
      const bytes = readFileSync(url);
      const floats = isSound
        ? readAudio(bytes, SAMPLE_RATE_HZ)
        : (readNpy(bytes).data as Float32Array);
      const input = isSound && isInteger ? Int16Array.from(floats, (x) => FULL_SCALE * x) : floats;
      return { label, input };
    }),
  };
}

/** As a payload's example. */
export function exampleOf({ kind }: BoardModel, { input }: Recording) {
  return { bytes: bytesOf(input), values: input.length, kind };
}

/** As they go over the line: sounds in 16 bits. */
export function lineBytes({ name }: BoardModel, { input }: Recording) {
  const isSound = name.startsWith("kws");
  const values =
    isSound && input instanceof Float32Array
      ? Int16Array.from(input, (x) => FULL_SCALE * x)
      : input;
  return { bytes: bytesOf(values), values: values.length, bytesAValue: values.BYTES_PER_ELEMENT };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

const inFloats = (sample: number) => sample / FULL_SCALE;

/** Kinds of the ops of a blob. */
export async function kindsIn(blob: Uint8Array): Promise<string[]> {
  const engine = await Engine.load({ simd: "off" });
  try {
    return (await engine.loadModel(blob)).ops.map(({ kind }) => kind);
  } finally {
    engine.dispose();
  }
}

/** The `class` and `logits` lines that a board owes for each recording. */
export async function wantedLines({ blob, recordings }: BoardModel): Promise<string[][]> {
  const engine = await Engine.load({ simd: "off" });
  try {
    const model: Model = await engine.loadModel(blob);
    const session = model.createSession({ schedule: "stream", tile: 1 });
    return recordings.map(({ input }) => {
      const floats = input instanceof Int16Array ? Float32Array.from(input, inFloats) : input;
      const { data } = session.run(floats)[0]!;
      const best = data.indexOf(Math.max(...data));
      const bits = [...new Uint32Array(Float32Array.from(data).buffer)];
      const hex = bits.map((word) => word.toString(16).padStart(8, "0"));
      return [`class ${best} ${model.labels[best]}`, `logits ${hex.join(" ")}`];
    });
  } finally {
    engine.dispose();
  }
}
