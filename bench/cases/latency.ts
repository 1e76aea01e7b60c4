/** One input, as fast as everybody can: ours, the straightforward port, ONNX Runtime, PyTorch. */
import {
  buildNative,
  type NativePrograms,
  ourNative,
  straightforwardNative,
} from "../contenders/native.js";
import { onnxName, onnxruntime } from "../contenders/onnxruntime.js";
import { type OurContender, type OurOptions, ourBits, ourName, ours } from "../contenders/ours.js";
import { pytorch } from "../contenders/pytorch.js";
import { STRAIGHTFORWARD_WASM, straightforwardWasm } from "../contenders/straightforward.js";
import type { Contender } from "../harness/contender.js";
import { type Lap, type Race, race } from "../harness/race.js";
import type { Setup } from "../harness/setup.js";
import {
  type BenchModel,
  bundledModels,
  type Form,
  KWS10,
  type OurModel,
  raceModels,
} from "../models.js";
import type { CaseResult, Chart, Claim, Table } from "../report/result.js";
import { barChart } from "../report/svg.js";
import { ms, times, whole } from "../report/text.js";

/** The tile that claims are made for where memory is not what counts. */
const FAST_TILE = 64;
/** How the names of our own contenders start. */
const OURS = "ours";
const SMALL_ARENA_BYTES = 11_500;

const FORMS: readonly Form[] = ["plain", "folded"];

function ourVariants(form: Form): OurOptions[] {
  return [
    { build: "simd", form, session: { tile: 1 } },
    { build: "simd", form },
    { build: "simd", form, session: { tile: 2 } },
    { build: "simd", form, session: { tile: 4 } },
    { build: "simd", form, session: { tile: FAST_TILE } },
    { build: "baseline", form, session: { tile: 1 } },
    { build: "baseline", form, session: { tile: FAST_TILE } },
  ];
}

interface Entry {
  readonly lap: Lap;
  readonly arenaBytes: number | undefined;
}

interface ModelRace {
  readonly model: OurModel;
  readonly race: Race;
  readonly entries: readonly Entry[];
}

export async function latency(setup: Setup): Promise<CaseResult> {
  const programs = buildNative(setup);
  const races: ModelRace[] = [];
  for (const model of raceModels(setup.root)) {
    races.push(await raceAll(setup, programs, model, await peersOf(setup, programs, model)));
  }
  for (const model of bundledModels(setup.root)) {
    races.push(await raceAll(setup, programs, model, []));
  }
  return {
    title: "Latency",
    tables: races.flatMap((result) => [tableOf(result), ...ratiosOf(result)]),
    charts: races.map(chartOf),
    claims: races.flatMap(claimsOf),
    skipped: missing(setup),
    data: races.map(({ model, entries }) => ({
      model: model.id,
      weights: model.weights,
      frames: model.frames,
      contenders: entries.map(({ lap, arenaBytes }) => ({ ...lap, arenaBytes })),
    })),
  };
}

async function peersOf(
  setup: Setup,
  programs: NativePrograms | undefined,
  model: BenchModel,
): Promise<Contender[]> {
  return [
    straightforwardWasm(setup.root, model),
    ...(programs === undefined ? [] : [straightforwardNative(setup, programs, model)]),
    ...(await onnxruntime(setup, model)),
    ...pytorch(setup, model),
  ];
}

async function raceAll(
  setup: Setup,
  programs: NativePrograms | undefined,
  model: OurModel,
  peers: readonly Contender[],
): Promise<ModelRace> {
  const bits = ourBits();
  const forms = FORMS.filter((form) => model.blobs[form] !== undefined);
  const own: OurContender[] = [];
  for (const options of forms.flatMap(ourVariants)) {
    own.push(await ours(setup, model, bits, options));
  }
  const native =
    programs === undefined
      ? []
      : forms.map((form) => ourNative(setup, programs, model, bits, form, FAST_TILE));
  const contenders = [...own, ...native, ...peers];
  try {
    const result = await race(contenders, setup);
    const arenaBytes = new Map(own.map((contender) => [contender.name, contender.arenaBytes]));
    const entries = result.laps.map((lap) => ({ lap, arenaBytes: arenaBytes.get(lap.name) }));
    return { model, race: result, entries };
  } finally {
    for (const contender of contenders) contender.dispose();
  }
}

function tableOf({ model, race, entries }: ModelRace): Table {
  return {
    title: `${model.title}, ${model.weights} weights`,
    columns: ["", "arena, bytes", "min ms", "median ms", "times the straightforward C in WASM"],
    rows: entries.map(({ lap, arenaBytes }) => [
      lap.name,
      arenaBytes === undefined ? "" : whole(arenaBytes),
      ms(lap.minMs),
      ms(lap.medianMs),
      times(race.ratio(STRAIGHTFORWARD_WASM, lap.name)),
    ]),
    note:
      `One thread, input copied in and logits copied out in every run; ${entries[0]!.lap.roundsMs.length} ` +
      "interleaved rounds in random order, the best of a few undisturbed runs a round; the last " +
      "column is the median of the rounds' ratios. Logits checked in every round against float64, " +
      "and all of ours for equal bits.",
  };
}

/** How many times as fast as each peer ours are; nothing for a model that peers do not run. */
function ratiosOf({ model, race, entries }: ModelRace): Table[] {
  const peers = entries.filter(({ lap }) => !lap.name.startsWith(OURS));
  if (peers.length === 0) return [];
  const shown = FORMS.flatMap((form) =>
    [1, FAST_TILE].map((tile) => ourName({ build: "simd", form, session: { tile } })),
  );
  return [
    {
      title: `${model.title}: times as fast as`,
      columns: ["", ...shown],
      rows: peers.map(({ lap }) => [
        lap.name,
        ...shown.map((name) => times(race.ratio(lap.name, name))),
      ]),
    },
  ];
}

function chartOf({ model, entries }: ModelRace): Chart {
  const sorted = entries.toSorted((a, b) => a.lap.minMs - b.lap.minMs);
  const bars = sorted.map(({ lap }) => ({
    label: lap.name,
    value: lap.minMs,
    text: `${ms(lap.minMs)} ms`,
    emphasis: lap.name.startsWith(OURS),
  }));
  const title = `${model.title}: milliseconds a run, minimum`;
  return { id: model.id, title, svg: barChart(title, bars) };
}

/** Plain against the graph that does what we do, and the fastest of ours against the fastest of theirs. */
function claimsOf(result: ModelRace): Claim[] {
  if (result.model.weights === "bundled") return [];
  return result.model.id === KWS10.id ? kwsClaims(result) : harClaims(result);
}

function kwsClaims({ model, race, entries }: ModelRace): Claim[] {
  const plain = ourName({ build: "simd", form: "plain", session: { tile: FAST_TILE } });
  const folded = ourName({ build: "simd", form: "folded", session: { tile: FAST_TILE } });
  const small = ourName({ build: "simd", form: "plain", session: { tile: 1 } });
  const baseline = ourName({ build: "baseline", form: "plain", session: { tile: FAST_TILE } });
  const claim = claimer(model, race);
  return [
    ...claim(STRAIGHTFORWARD_WASM, plain, 11),
    ...claim(STRAIGHTFORWARD_WASM, folded, 15),
    ...claim(STRAIGHTFORWARD_WASM, small, 10),
    {
      text: `${model.id}: arena of ${small}`,
      value: entries.find(({ lap }) => lap.name === small)!.arenaBytes!,
      atMost: SMALL_ARENA_BYTES,
      unit: "bytes",
    },
    ...claim(STRAIGHTFORWARD_WASM, baseline, 2.5),
    ...claim(onnxName("web", "scan", "plain"), plain, 6),
    ...claim(onnxName("web", "export", "plain"), plain, 13),
    ...claim(onnxName("node", "scan", "plain"), plain, 2),
    ...claim(onnxName("web", "scan_fast", "folded"), folded, 6),
    ...claim(onnxName("node", "scan_fast", "folded"), folded, 2),
  ];
}

function harClaims({ model, race }: ModelRace): Claim[] {
  const plain = ourName({ build: "simd", form: "plain", session: { tile: FAST_TILE } });
  const folded = ourName({ build: "simd", form: "folded", session: { tile: FAST_TILE } });
  const claim = claimer(model, race);
  return [
    ...claim(STRAIGHTFORWARD_WASM, plain, 10),
    ...claim(onnxName("web", "scan", "plain"), plain, 6),
    ...claim(onnxName("web", "scan_fast", "folded"), folded, 6),
  ];
}

/** A claim that `fast` is so many times as fast as `slow`; none when one of them did not take part. */
function claimer({ id }: OurModel, race: Race) {
  return (slow: string, fast: string, atLeast: number): Claim[] => {
    const value = race.ratio(slow, fast);
    if (value === undefined) return [];
    return [{ text: `${id}: ${fast}, times ${slow}`, value, atLeast, unit: "times" }];
  };
}

function missing({ tools }: Setup): string[] {
  const python = "a Python with torch, onnx and numpy (sudo scripts/setup.sh python)";
  return [
    ...(tools.gcc === undefined ? ["native contenders: gcc is not here"] : []),
    ...(tools.python === undefined ? [`PyTorch and every ONNX graph: needs ${python}`] : []),
    ...(tools.onnxruntime ? [] : ["ONNX Runtime: npm could not install it into bench/"]),
  ];
}
