/**
 * Finds layers of several tensors by PyTorch's own names for them: GRU and LSTM, self-attention. Knows nothing of what
 * runs behind what.
 */
import { classOf, integerOf } from "../module-settings.js";
import type { SavedModule } from "../saved-module.js";
import type { Part } from "./part.js";

type Shapes = ReadonlyMap<string, readonly number[]>;
type Modules = ReadonlyMap<string, SavedModule>;

export interface Found {
  readonly part: Part;
  /** Names of its tensors, whole. */
  readonly used: readonly string[];
}

const RECURRENT = /^(weight|bias)_(ih|hh)_l\d+(_reverse)?$/;
/** By rows of its gates a hidden channel. */
const KINDS: Readonly<Record<number, "gru" | "lstm">> = { 3: "gru", 4: "lstm" };
/** What is often taken, where it divides the channels. */
const USUAL_HEADS = 4;

export function torchParts(shapes: Shapes, modules: Modules | undefined): Found[] {
  return [...shapes.keys()].flatMap((name) => {
    const dot = name.lastIndexOf(".");
    const path = dot < 0 ? "" : name.slice(0, dot);
    const own = name.slice(dot + 1);
    const found =
      own === "weight_hh_l0"
        ? recurrentPart(path, shapes)
        : own === "in_proj_weight"
          ? attentionPart(path, shapes, modules?.get(path))
          : undefined;
    return found === undefined ? [] : [found];
  });
}

function recurrentPart(path: string, shapes: Shapes): Found | undefined {
  const prefix = path === "" ? "" : `${path}.`;
  const used = [...shapes.keys()].filter(
    (name) => name.startsWith(prefix) && RECURRENT.test(name.slice(prefix.length)),
  );
  const [rows = 0, hidden = 0] = shapes.get(`${prefix}weight_hh_l0`) ?? [];
  const takes = shapes.get(`${prefix}weight_ih_l0`)?.[1];
  const kind = KINDS[rows / hidden];
  // A projection of the state (proj_size) and an RNN's one gate are not supported.
  if (kind === undefined || takes === undefined) return undefined;
  const layers = used.filter((name) => /weight_hh_l\d+$/.test(name)).length;
  const bidirectional = shapes.has(`${prefix}weight_hh_l0_reverse`);
  const gives = bidirectional ? 2 * hidden : hidden;
  const fields = { ...(layers > 1 && { layers }), ...(bidirectional && { bidirectional }) };
  const ways = bidirectional ? ", both directions" : "";
  const what = `${takes} → ${gives}, ${layers} layer${layers > 1 ? "s" : ""}${ways}`;
  return { part: { kind, path, takes, gives, fields, what, guesses: [] }, used };
}

function attentionPart(
  path: string,
  shapes: Shapes,
  module: SavedModule | undefined,
): Found | undefined {
  const prefix = path === "" ? "" : `${path}.`;
  const names = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"];
  const used = names.map((name) => prefix + name).filter((name) => shapes.has(name));
  const [width = 0, other] = shapes.get(`${prefix}out_proj.weight`) ?? [];
  if (width === 0 || width !== other) return undefined;
  const isOwn = module !== undefined && classOf(module) === "MultiheadAttention";
  const known = isOwn ? integerOf(module.attributes.get("num_heads")) : undefined;
  const heads = known ?? (width % USUAL_HEADS === 0 ? USUAL_HEADS : 1);
  const guesses = known === undefined ? ["how many heads it has is not in the file"] : [];
  const part = { path, takes: width, gives: width, fields: { heads }, what: `${width}`, guesses };
  return { part: { ...part, kind: "attention" }, used };
}
