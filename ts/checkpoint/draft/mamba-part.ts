/**
 * Finds the tensors of a Mamba block around an `A_log`: by their usual names, else by their shapes. Knows nothing
 * of the network around it.
 */
import { formatShape } from "../elements.js";
import { integerOf } from "../module-settings.js";
import type { SavedModule } from "../saved-module.js";
import type { Part } from "./part.js";

type Shape = readonly number[];

/** Tensors of a block that has them, by their names behind the block's own. */
type Members = ReadonlyMap<string, Shape>;

interface Found {
  readonly part: Part;
  /** Names behind the block's own that are the block's. */
  readonly used: ReadonlySet<string>;
}

const USUAL = [
  ...["A_log", "D", "in_proj.weight", "in_proj.bias", "conv1d.weight", "conv1d.bias"],
  ...["x_proj.weight", "x_proj.bias", "dt_proj.weight", "dt_proj.bias", "out_proj.weight"],
  ...["out_proj.bias", "dt_layernorm.weight", "b_layernorm.weight", "c_layernorm.weight"],
];
const BACKWARD = /^(A_b_log|D_b|(conv1d|x_proj|dt_proj)_b\.(weight|bias)|gamma)$/;
/** As transformers' Falcon-Mamba has it. */
const SCAN_NORM_EPS = 1e-6;

export function mambaPart(
  path: string,
  members: Members,
  modules: ReadonlyMap<string, SavedModule> | undefined,
): Found {
  const [inner = 0, states] = members.get("A_log") as Shape;
  if (states === undefined) return mamba2Part(path, members);
  const used = new Set(USUAL.filter((name) => members.has(name)));
  const tensors: Record<string, string> = {};
  const guesses: string[] = [];
  const take = (key: string, fits: (shape: Shape) => boolean): Shape | undefined => {
    if (members.has(key)) return members.get(key);
    const candidates = [...members].filter(([name, shape]) => !used.has(name) && fits(shape));
    const [only, other] = candidates;
    if (only === undefined || other !== undefined) return undefined;
    used.add(only[0]);
    tensors[key] = path === "" ? only[0] : `${path}.${only[0]}`;
    guesses.push(`${only[0]} is taken for ${key} by its shape ${formatShape(only[1])}`);
    return only[1];
  };
  const inProj = take("in_proj.weight", ([rows]) => rows === 2 * inner);
  const width = inProj?.[1] ?? 0;
  const conv = take(
    "conv1d.weight",
    (s) => s[0] === inner && (s.length === 3 ? s[1] === 1 : false),
  );
  const dtProj = take("dt_proj.weight", ([rows, rank = 0]) => rows === inner && rank < inner);
  const rank = dtProj?.[1] ?? 0;
  take("x_proj.weight", ([rows, columns]) => columns === inner && rows === rank + 2 * states);
  const outProj = take("out_proj.weight", ([rows, columns]) => columns === inner && rows === width);
  take("D", (shape) => shape.length === 1 && shape[0] === inner);
  const gives = outProj?.[0] ?? inner;
  const isTwo = members.has("A_b_log");
  for (const name of members.keys()) if (isTwo && BACKWARD.test(name)) used.add(name);
  const hasNorms = members.has("b_layernorm.weight");
  if (hasNorms) guesses.push(`the eps of the norms of dt, B and C is ${SCAN_NORM_EPS}`);
  const taps = conv?.at(-1) ?? 0;
  const fields = {
    ...(Object.keys(tensors).length > 0 && { tensors }),
    ...(hasNorms && { scanNormEps: SCAN_NORM_EPS }),
    ...(inProj?.[0] === inner && { gate: "none" }),
    ...convolutionOf(modules?.get(path === "" ? "conv1d" : `${path}.conv1d`), taps),
  };
  const size = `inner ${inner}, state ${states}, rank ${rank}, taps ${taps}`;
  return {
    part: {
      kind: isTwo ? "bimamba" : "mamba",
      path,
      takes: width,
      gives,
      fields,
      what: `${width} → ${gives} (${size})`,
      guesses,
    },
    used,
  };
}

/** Half of the taps before a row and half behind it, where the module's padding says so. */
function convolutionOf(conv: SavedModule | undefined, taps: number): object {
  const padding = conv?.attributes.get("padding");
  const isCentred =
    padding === "same" || (taps > 1 && integerOf(padding) === Math.floor(taps / 2) && taps > 2);
  return isCentred ? { convolution: "centred" } : {};
}

const USUAL_OF_MAMBA2 = [
  ...["A_log", "D", "dt_bias", "in_proj.weight", "in_proj.bias", "conv1d.weight"],
  ...["conv1d.bias", "norm.weight", "out_proj.weight", "out_proj.bias"],
];

/** By its usual names alone; in how many groups its heads are is a guess, as no tensor tells. */
function mamba2Part(path: string, members: Members): Found {
  const used = new Set(USUAL_OF_MAMBA2.filter((name) => members.has(name)));
  const rowsOf = (name: string) => members.get(name)?.[0] ?? 0;
  const [heads, convolved] = [rowsOf("A_log"), rowsOf("conv1d.weight")];
  const inner = rowsOf("in_proj.weight") - convolved - heads;
  const takes = members.get("in_proj.weight")?.[1] ?? 0;
  const gives = members.get("out_proj.weight")?.[0] ?? inner;
  const states = (convolved - inner) / 2;
  const size = `inner ${inner}, heads ${heads}, state ${states} in all groups`;
  return {
    part: {
      kind: "mamba2",
      path,
      takes,
      gives,
      fields: { groups: 1 },
      what: `${takes} → ${gives} (${size})`,
      guesses: ["its heads are one group (ngroups)"],
    },
    used,
  };
}
