/**
 * The blobs that are traced for the table of costs: random networks in every number type to fit on, and others, the
 * bundled models among them, to hold the table against. Knows nothing of boards.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createBlob } from "../../ts/blob/blob.js";
import { readCheckpoint, toNetwork } from "../../ts/checkpoint/index.js";
import type { Engine } from "../../ts/core/engine.js";
import { framesIn, type InputArray } from "../../ts/core/input.js";
import type { Network } from "../../ts/graph/network.js";
import { quantizeNetwork, quantizing } from "../../ts/quantize/index.js";
import {
  chain,
  type Example,
  furtherChain,
  heldOut,
  listeners,
  medley,
  readers,
  smallChain,
  softChain,
} from "./networks.js";

export interface Subject {
  readonly name: string;
  readonly blob: Uint8Array;
  readonly frames: number;
  readonly tiles: readonly number[];
  readonly isFitted: boolean;
  /** Everything in it is a float of 32 bits: its firmware is built without anything else. */
  readonly isFloat: boolean;
}

/** Of networks that would be traced for longer than they tell something. */
const FRAMES = 40;
const SOFT_FRAMES = 4;
const BOTH_TILES = [1, 4];

/** Compiled, this file lies in build/bench/bench/board-table. */
const root = join(import.meta.dirname, "../../../..");

/** @param isSoft floating point is software, and takes long to trace */
export async function subjects(engine: Engine, isSoft: boolean): Promise<Subject[]> {
  const fitted = (example: Example, form: Form, tiles = BOTH_TILES) =>
    subject(engine, example, form, { tiles, isFitted: true });
  const front = (form: Form) =>
    listeners(isSoft && form === "f32").map((one, index) =>
      fitted(one, form, index === 0 ? BOTH_TILES : [1]),
    );
  const all = await Promise.all([
    fitted(isSoft ? softChain() : chain(), "f32"),
    fitted(medley(isSoft), "f32"),
    ...readers().map((one) => fitted(one, "f32")),
    ...front("f32"),
    fitted(smallChain(), "w8"),
    fitted(chain(), "int"),
    fitted(furtherChain(), "int"),
    ...front("int"),
    fitted(smallChain(), "int16"),
    ...others(engine, isSoft),
  ]);
  // Firmware of one kind after the other, so that the core is compiled twice.
  return [...all.filter(({ isFloat }) => isFloat), ...all.filter(({ isFloat }) => !isFloat)];
}

type Form = "f32" | "w8" | "int" | "int16";

async function subject(
  engine: Engine,
  { name, network, input }: Example,
  form: Form,
  rest: Pick<Subject, "tiles" | "isFitted">,
): Promise<Subject> {
  const blob = await blobOf(engine, network, form, input);
  const model = await engine.loadModel(blob);
  const frames = framesIn(model.info, input.length);
  model.dispose();
  const isFloat = form === "f32";
  return { name: isFloat ? name : `${name}, ${form}`, blob, frames, isFloat, ...rest };
}

async function blobOf(
  engine: Engine,
  network: Network,
  form: Form,
  input: InputArray,
): Promise<Uint8Array> {
  if (form === "f32") return createBlob(engine, network);
  if (form === "w8") return createBlob(engine, network, quantizing({ type: "w8" }));
  const inputs = { count: 1, item: () => input };
  const stateBits = form === "int" ? 32 : 16;
  return (await quantizeNetwork(engine, network, inputs, { stateBits, shares: false })).blob;
}

/** The bundled models, the paper's sizes, and stacks; of each one tile. */
function others(engine: Engine, isSoft: boolean): Promise<Subject>[] {
  const tileOf = (index: number) => [BOTH_TILES[index % BOTH_TILES.length]!];
  const bundled = BUNDLED.map(async ([name, path], index) => {
    const isFloat = !name.endsWith("int");
    const frames = isFloat && isSoft ? SOFT_FRAMES : FRAMES;
    const blob = read(`ts/models/${path}`);
    return { name, blob, frames, tiles: tileOf(index), isFitted: false, isFloat };
  });
  const golden = GOLDEN.map(async ([name, folder], index) => {
    const network = toNetwork(readCheckpoint(read(`test/golden/${folder}/model.safetensors`)));
    const rest = { frames: isSoft ? SOFT_FRAMES : FRAMES, isFitted: false, isFloat: true };
    return { name, blob: await createBlob(engine, network), tiles: tileOf(index), ...rest };
  });
  const stacks = (form: Form) =>
    heldOut().map((one, index) =>
      subject(engine, one, form, { tiles: tileOf(index), isFitted: false }),
    );
  return [...bundled, ...golden, ...(isSoft ? [] : stacks("f32")), ...stacks("int")];
}

const BUNDLED = [
  ["har", "har/model.mlm"],
  ["kws", "kws/model.mlm"],
  ["kws-int", "kws/model-int.mlm"],
  ["har-int", "har/model-int.mlm"],
] as const;

const GOLDEN = [
  ["paper's sizes", "paper_d64_t100"],
  ["paper's block in small", "paper_d7_t5000"],
] as const;

function read(path: string): Uint8Array {
  return readFileSync(join(root, path));
}
