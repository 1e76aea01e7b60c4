/** What integers cost where floats are fast: both types of one model, by turns in one process. */
import { type OurContender, ourBits, ourName, ours } from "../contenders/ours.js";
import { type Race, race } from "../harness/race.js";
import type { Setup } from "../harness/setup.js";
import { integerModels, type TypedModel } from "../integer-models.js";
import type { CaseResult, Claim } from "../report/result.js";
import { ms, times, whole } from "../report/text.js";

/** The smallest arena, which is what integers are for. */
const OPTIONS = { build: "simd", form: "plain", session: { tile: 1 } } as const;
const TYPES = ["f32", "int"] as const;
const MAX_TIMES = 1.5;

type TypeName = (typeof TYPES)[number];

interface TypeRace {
  readonly model: TypedModel;
  readonly race: Race;
  readonly arenaBytes: Readonly<Record<TypeName, number>>;
}

export async function integers(setup: Setup): Promise<CaseResult> {
  const races: TypeRace[] = [];
  for (const model of await integerModels(setup)) races.push(await raceTypes(setup, model));
  return {
    title: "Integers",
    tables: [
      {
        title: `${ourName(OPTIONS)}: f32 and integers`,
        columns: ["", "type", "blob, bytes", "arena, bytes", "min ms", "median ms", "times f32"],
        rows: races.flatMap(rowsOf),
        note:
          "Both by turns in one process; the last column is the median of the rounds' ratios. " +
          "Integers are calibrated over inputs like the one that is run.",
      },
    ],
    charts: [],
    claims: races.map(claimOf),
    skipped: [],
    data: races.map(({ model, race, arenaBytes }) => ({
      model: model.id,
      laps: race.laps,
      arenaBytes,
    })),
  };
}

async function raceTypes(setup: Setup, model: TypedModel): Promise<TypeRace> {
  const contenders: Partial<Record<TypeName, OurContender>> = {};
  for (const type of TYPES) {
    const { title, frames, input, weights } = model;
    const one = { id: type, title, weights, frames, input, blobs: { plain: model.blobs[type] } };
    contenders[type] = { ...(await ours(setup, one, ourBits(), OPTIONS)), name: type };
  }
  const { f32, int } = contenders as Record<TypeName, OurContender>;
  try {
    const arenaBytes = { f32: f32.arenaBytes, int: int.arenaBytes };
    return { model, race: await race([f32, int], setup), arenaBytes };
  } finally {
    for (const contender of [f32, int]) contender.dispose();
  }
}

function rowsOf({ model, race, arenaBytes }: TypeRace): string[][] {
  return TYPES.map((type) => {
    const lap = race.lap(type)!;
    return [
      model.title,
      type,
      whole(model.blobs[type].length),
      whole(arenaBytes[type]),
      ms(lap.minMs),
      ms(lap.medianMs),
      times(race.ratio(type, "f32")),
    ];
  });
}

function claimOf({ model, race }: TypeRace): Claim {
  return {
    text: `${model.id}: integers, times f32 of ${ourName(OPTIONS)}`,
    value: race.ratio("int", "f32")!,
    atMost: MAX_TIMES,
    unit: "times",
  };
}
