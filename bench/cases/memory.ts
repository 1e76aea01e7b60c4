/** Bytes: the arena by schedule and tile, exact, and what a process grows by, beside the peers. */
import { Engine } from "../../ts/core/engine.js";
import type { Model } from "../../ts/core/model.js";
import type { Schedule } from "../../ts/core/plan.js";
import { probeAll } from "../harness/probes.js";
import { median } from "../harness/race.js";
import type { Setup } from "../harness/setup.js";
import { type BenchModel, type Form, KWS10, raceModels } from "../models.js";
import type { CaseResult, Claim, Table } from "../report/result.js";
import { barChart } from "../report/svg.js";
import { mebibytes, whole } from "../report/text.js";

const PROCESSES = 5;
const TILES = [1, 2, 4, 8];

interface Arena {
  readonly schedule: Schedule;
  /** 0 for the schedules without one. */
  readonly tile: number;
  readonly form: Form;
  readonly arenaBytes: number;
  readonly minimumBytes: number;
  readonly flashBytes: number;
}

interface ModelArenas {
  readonly model: BenchModel;
  readonly arenas: readonly Arena[];
}

export async function memory(setup: Setup): Promise<CaseResult> {
  const engine = await Engine.load({ wasm: setup.core.simd });
  const all: ModelArenas[] = [];
  for (const model of raceModels(setup.root)) {
    const arenas = [
      ...(await arenasOf(engine, model, "plain")),
      ...(await arenasOf(engine, model, "folded")),
    ];
    all.push({ model, arenas });
  }
  engine.dispose();
  const kws = all.find(({ model }) => model.id === KWS10.id)!;
  const probed = probeAll(setup, kws.model, PROCESSES);
  return {
    title: "Memory",
    tables: [
      ...all.map(tableOf),
      {
        title: `${kws.model.title}: a process in Node`,
        columns: ["", "library, bytes", "model, bytes", "RSS growth, median", "linear memory"],
        rows: probed.map(({ name, libraryBytes, modelBytes, results }) => [
          name,
          whole(libraryBytes),
          whole(modelBytes),
          mebibytes(median(results.map(({ rssBytes }) => rssBytes))),
          results[0]!.wasmMemoryBytes === 0 ? "native" : mebibytes(results[0]!.wasmMemoryBytes),
        ]),
        note: `Measured in ${PROCESSES} fresh processes each, from before the library is compiled to the first result.`,
      },
    ],
    charts: all.map(({ model, arenas }) => {
      const title = `${model.title}: bytes of the arena`;
      const bars = arenas.map((arena) => ({
        label: nameOf(arena),
        value: arena.arenaBytes,
        text: whole(arena.arenaBytes),
        emphasis: arena.schedule === "stream",
      }));
      return { id: model.id, title, svg: barChart(title, bars) };
    }),
    claims: all.flatMap(claimsOf),
    skipped:
      probed.length < 3 ? ["ONNX Runtime: not installed, or no Python to make its graph"] : [],
    data: {
      arenas: all.map(({ model, arenas }) => ({ model: model.id, arenas })),
      processes: probed,
    },
  };
}

async function arenasOf(engine: Engine, model: BenchModel, form: Form): Promise<Arena[]> {
  const opened = await engine.loadModel(model.blobs[form]);
  const arenas = [
    ...(form === "plain" ? (["unfused", "layer"] as const) : []).map((schedule) =>
      arenaOf(opened, model, form, schedule, 0),
    ),
    ...TILES.map((tile) => arenaOf(opened, model, form, "stream", tile)),
  ];
  opened.dispose();
  return arenas;
}

function arenaOf(
  opened: Model,
  { frames }: BenchModel,
  form: Form,
  schedule: Schedule,
  tile: number,
): Arena {
  const options = schedule === "stream" ? { schedule, tile } : { schedule, maxFrames: frames };
  const { arenaBytes, minimumBytes } = opened.plan(options);
  const flashBytes = opened.info.blobBytes;
  return { schedule, tile, form, arenaBytes, minimumBytes, flashBytes };
}

function nameOf({ schedule, tile, form }: Arena): string {
  return schedule === "stream" ? `stream, tile ${tile}, ${form}` : schedule;
}

function unfusedBytes(arenas: readonly Arena[]): number {
  return arenas.find(({ schedule }) => schedule === "unfused")!.arenaBytes;
}

function tableOf({ model, arenas }: ModelArenas): Table {
  const most = unfusedBytes(arenas);
  return {
    title: `${model.title}: arena`,
    columns: ["schedule", "arena, bytes", "theoretical minimum", "below unfused", "blob, bytes"],
    rows: arenas.map((arena) => [
      nameOf(arena),
      whole(arena.arenaBytes),
      whole(arena.minimumBytes),
      `${(100 * (1 - arena.arenaBytes / most)).toFixed(1)} %`,
      whole(arena.flashBytes),
    ]),
    note: `Exact: everything a session needs besides the blob, for ${model.frames} frames.`,
  };
}

function claimsOf({ model, arenas }: ModelArenas): Claim[] {
  const smallest = arenas.find(({ tile, form }) => tile === 1 && form === "plain")!.arenaBytes;
  return [
    { text: `${model.id}: arena at tile 1`, value: smallest, atMost: 11_500, unit: "bytes" },
    ...(model.id === KWS10.id
      ? [
          {
            text: `${model.id}: below the unfused schedule`,
            value: 100 * (1 - smallest / unfusedBytes(arenas)),
            atLeast: 99,
            unit: "%",
          },
        ]
      : []),
  ];
}
