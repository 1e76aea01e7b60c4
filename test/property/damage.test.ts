/**
 * Blobs and saved states with bytes changed at random: a typed error or a correct refusal, never a
 * trap, a hang or memory beyond reason.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HEADER } from "../../ts/core/format.js";
import { inputLength } from "../../ts/core/input.js";
import { crc32 } from "../../ts/crc32.js";
import {
  BadFile,
  BadModel,
  createBlob,
  Engine,
  MambaliteError,
  type Model,
} from "../../ts/node.js";
import {
  audioNetwork,
  NetworkMaker,
  paperNetwork,
  tiedLanguageModel,
} from "../unit/core/networks.js";
import { build, networkCases } from "./random-network.js";
import { textOf } from "./runs.js";

const RUNS = 300;
const FEWER_RUNS = 60;
/** A plan of a damaged model may be of any size; larger ones are not made. */
const MAX_ARENA_BYTES = 1 << 26;

let engine: Engine;
let blobs: Uint8Array[];

beforeAll(async () => {
  engine = await Engine.load();
  const networks = [paperNetwork(), tiedLanguageModel(), audioNetwork()];
  blobs = await Promise.all(networks.map((network) => createBlob(engine, network)));
});

afterAll(() => {
  engine.dispose();
});

/** Changes: where, as a fraction; what is xor-ed to the byte there. */
const changes = fc.array(
  fc.tuple(
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    fc.integer({ min: 1, max: 255 }),
  ),
  { minLength: 1, maxLength: 4 },
);

function damage(
  bytes: Uint8Array,
  where: readonly (readonly [number, number])[],
  span = bytes.length,
): Uint8Array {
  const damaged = bytes.slice();
  for (const [fraction, xor] of where) damaged[Math.floor(fraction * span)]! ^= xor;
  return damaged;
}

/** With the checksum made right again, so that the validation behind it is reached. */
function reseal(blob: Uint8Array): Uint8Array {
  const view = new DataView(blob.buffer);
  view.setUint32(HEADER.crc32, 0, true);
  view.setUint32(HEADER.crc32, crc32(blob), true);
  return blob;
}

async function outcome<T>(work: () => T | Promise<T>): Promise<T | MambaliteError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MambaliteError) return error;
    throw error;
  }
}

function useModel(model: Model): void {
  const { info } = model;
  const make = new NetworkMaker(4);
  const length = inputLength(model.info, 3);
  const input =
    info.inputKind === "tokens" ? make.tokens(3, info.vocabulary) : make.frames(length, 1);
  for (const schedule of ["stream", "layer", "unfused"] as const) {
    const options = schedule === "stream" ? { schedule } : { schedule, maxFrames: 3 };
    if (model.plan(options).arenaBytes > MAX_ARENA_BYTES) continue;
    model.createSession(options).run(input);
    model.operatorCounts(3, options);
  }
}

/** Far more than the test takes on two shared cores. */
const TIMEOUT_MS = 120_000;

describe("damage", { timeout: TIMEOUT_MS }, () => {
  test("of any byte of a blob is noticed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2), changes, async (which, where) => {
        const blob = blobs[which]!;
        const damaged = damage(blob, where);
        fc.pre(!damaged.every((byte, i) => byte === blob[i]));
        await expect(engine.loadModel(damaged)).rejects.toThrow(BadModel);
      }),
      { numRuns: RUNS },
    );
  });

  test("with the checksum made right is refused, or gives a model that runs", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2), changes, fc.boolean(), async (which, where, onlyTables) => {
        const blob = blobs[which]!;
        const tables = new DataView(blob.buffer).getUint32(HEADER.stringOffset, true);
        const damaged = reseal(damage(blob, where, onlyTables ? tables : blob.length));
        const model = await outcome(() => engine.loadModel(damaged));
        if (model instanceof MambaliteError) {
          expect(model).toBeInstanceOf(BadModel);
          return;
        }
        await outcome(() => useModel(model));
        model.dispose();
      }),
      { numRuns: RUNS },
    );
  });

  test("by cutting or by appending is noticed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.nat(),
        fc.uint8Array({ minLength: 1 }),
        async (which, n, tail) => {
          const blob = blobs[which]!;
          const cut = blob.subarray(0, n % blob.length);
          await expect(engine.loadModel(cut)).rejects.toThrow(BadModel);
          const longer = new Uint8Array([...blob, ...tail]);
          await expect(engine.loadModel(longer)).rejects.toThrow(BadModel);
        },
      ),
      { numRuns: FEWER_RUNS },
    );
  });

  test("no bytes at random are a model", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        await expect(engine.loadModel(bytes)).rejects.toThrow(BadModel);
      }),
      { numRuns: FEWER_RUNS },
    );
  });

  test("of a saved state is noticed, and the session goes on as it was", async () => {
    await fc.assert(
      fc.asyncProperty(
        networkCases,
        changes,
        fc.uint8Array(),
        async (description, where, bytes) => {
          const { network, input, frames } = build(description);
          const model = await engine.loadModel(await createBlob(engine, network));
          const session = model.createSession(
            model.info.needsMaxFrames ? { maxFrames: frames } : {},
          );
          session.push(input);
          const state = session.saveState();
          const damaged = damage(state, where);
          fc.pre(!damaged.every((byte, i) => byte === state[i]));
          for (const bad of [damaged, bytes, state.subarray(1), new Uint8Array(0)]) {
            expect(() => session.loadState(bad)).toThrow(BadFile);
          }
          const after = textOf(session.finish());
          session.loadState(state);
          expect(textOf(session.finish())).toBe(after);
          model.dispose();
        },
      ),
      { numRuns: FEWER_RUNS },
    );
  });
});
