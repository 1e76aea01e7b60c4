/**
 * Groups the tensors of a state dict into parts: what has an `A_log` is a Mamba block, the rest is told by names
 * behind the last dot, by shapes, and by the classes of a module that was saved whole. Knows nothing of what
 * runs behind what.
 */
import { formatShape } from "../elements.js";
import { classOf, epsOf, integerOf } from "../module-settings.js";
import type { SavedModule } from "../saved-module.js";
import type { StateDict } from "../state-dict.js";
import { mambaPart } from "./mamba-part.js";
import { isMamba, type Part } from "./part.js";
import { statelessPart } from "./stateless.js";
import { torchParts } from "./torch-part.js";

type Shape = readonly number[];
type Modules = ReadonlyMap<string, SavedModule>;

const DEFAULT_EPS = 1e-5;
const EMBEDDING = /(^|[._])(embeddings?|embed_tokens|tok(en)?_emb|word_emb|wte|emb)$/i;
const POSITIONS = /pos|pe$/i;

/** Parts in the order of the file, those without tensors where the module says that they are. */
export function partsOf({ tensors, others, modules }: StateDict): Part[] {
  const shapes = new Map<string, Shape>(
    [...tensors.values(), ...others.values()]
      .filter(({ name }) => !name.endsWith("num_batches_tracked"))
      .map(({ name, shape }) => [name, shape]),
  );
  const parts: Part[] = [];
  const taken = new Set<string>();
  for (const path of mambaPaths(shapes)) {
    const members = membersUnder(path, shapes);
    const { part, used } = mambaPart(path, members, modules);
    parts.push(part);
    for (const name of used) taken.add(path === "" ? name : `${path}.${name}`);
  }
  const left = () => new Map([...shapes].filter(([name]) => !taken.has(name)));
  for (const { part, used } of torchParts(left(), modules)) {
    parts.push(part);
    for (const name of used) taken.add(name);
  }
  const rest = left();
  for (const [path, members] of grouped(rest)) parts.push(...partsOfGroup(path, members, modules));
  return inFileOrder([...parts, ...stateless(modules, parts)], [...shapes.keys()], modules);
}

function mambaPaths(shapes: ReadonlyMap<string, Shape>): string[] {
  return [...shapes.keys()]
    .filter((name) => /(^|\.)A_log$/.test(name))
    .map((name) => name.slice(0, -"A_log".length).replace(/\.$/, ""));
}

function membersUnder(path: string, shapes: ReadonlyMap<string, Shape>): Map<string, Shape> {
  const prefix = path === "" ? "" : `${path}.`;
  const members = [...shapes].filter(([name]) => name.startsWith(prefix));
  return new Map(members.map(([name, shape]) => [name.slice(prefix.length), shape]));
}

/** By what is before the last dot. */
function grouped(shapes: ReadonlyMap<string, Shape>): Map<string, Map<string, Shape>> {
  const groups = new Map<string, Map<string, Shape>>();
  for (const [name, shape] of shapes) {
    const dot = name.lastIndexOf(".");
    const path = dot < 0 ? "" : name.slice(0, dot);
    const group = groups.get(path) ?? new Map<string, Shape>();
    groups.set(path, group.set(name.slice(dot + 1), shape));
  }
  return groups;
}

function partsOfGroup(path: string, members: Map<string, Shape>, modules?: Modules): Part[] {
  const parts: Part[] = [];
  const weight = members.get("weight");
  if (weight !== undefined && path !== "") {
    const usual = ["weight", "bias", "running_mean", "running_var"];
    const extra = [...members.keys()].filter((name) => !usual.includes(name));
    if (extra.length === 0) return [layerPart(path, weight, members, modules?.get(path))];
  }
  for (const [name, shape] of members) {
    parts.push(parameterPart(path === "" ? name : `${path}.${name}`, shape));
  }
  return parts;
}

function layerPart(
  path: string,
  weight: Shape,
  members: Map<string, Shape>,
  module: SavedModule | undefined,
): Part {
  if (weight.length === 1) return normPart(path, weight[0] as number, members, module);
  const [gives = 0, takes = 0] = weight;
  if (weight.length === 2 || (weight.length === 3 && weight[2] === 1 && takes > 1)) {
    const isTable = module === undefined ? EMBEDDING.test(path) : classOf(module) === "Embedding";
    if (isTable && !members.has("bias") && weight.length === 2) {
      const what = `${gives} tokens → ${takes}`;
      const guesses = module === undefined ? ["tokens go in: its name says embedding"] : [];
      return { ...plain("embedding", path, 0, takes), what, guesses };
    }
    return { ...plain("linear", path, takes, gives), what: `${takes} → ${gives}` };
  }
  if (weight.length === 3) return convPart(path, weight, module);
  if (weight.length === 4) return bandsPart(path, weight, module);
  return unknown(
    path,
    [...members.keys()].map((name) => `${path}.${name}`),
    weight,
  );
}

function normPart(
  path: string,
  width: number,
  members: Map<string, Shape>,
  module: SavedModule | undefined,
): Part {
  const eps = module && epsOf(module);
  const fields = { eps: eps ?? DEFAULT_EPS };
  const guesses = eps === undefined ? [`its eps is ${DEFAULT_EPS}`] : [];
  if (members.has("running_mean")) {
    return { ...plain("batchnorm", path, width, width), fields, what: `${width}`, guesses };
  }
  const groups = module && integerOf(module.attributes.get("num_groups"));
  const isInstance = module !== undefined && /InstanceNorm/.test(classOf(module));
  if (groups !== undefined || isInstance) {
    const all = { ...fields, groups: groups ?? width };
    return {
      ...plain("sequence_norm", path, width, width),
      fields: all,
      what: `${width}`,
      guesses,
    };
  }
  const norm = members.has("bias") || isLayerNorm(module) ? "layer" : "rms";
  const isSure = members.has("bias") || module !== undefined;
  const all = isSure ? guesses : [...guesses, "it is an RMS norm, as it has no bias"];
  return {
    ...plain("norm", path, width, width),
    fields: { norm, ...fields },
    what: `${norm} ${width}`,
    guesses: all,
  };
}

function isLayerNorm(module: SavedModule | undefined): boolean {
  return module !== undefined && classOf(module) === "LayerNorm";
}

function convPart(path: string, weight: Shape, module: SavedModule | undefined): Part {
  const [gives = 0, perGroup = 0, taps = 0] = weight;
  const setting = (name: string) => integerOf(module?.attributes.get(name));
  const groups = setting("groups") ?? (perGroup === 1 && gives > 1 && taps > 1 ? gives : 1);
  const [stride = 1, dilation = 1] = [setting("stride"), setting("dilation")];
  const same = Math.floor((dilation * (taps - 1)) / 2);
  const padding = setting("padding") ?? (module?.attributes.get("padding") === "valid" ? 0 : same);
  const isSure = module !== undefined;
  const fields = {
    stride,
    ...(dilation > 1 && { dilation }),
    padding,
    ...(groups > 1 && { groups }),
  };
  const takes = groups * perGroup;
  return {
    ...plain("conv1d", path, takes, gives),
    fields,
    what: `${takes} → ${gives}, ${taps} taps`,
    guesses: isSure ? [] : ["its stride, padding and groups are not in the file"],
  };
}

/** How many bands a row has follows from what is in front of it: its width is any. */
function bandsPart(path: string, weight: Shape, module: SavedModule | undefined): Part {
  const [gives = 0, perGroup = 0, ...taps] = weight;
  const settings = (name: string, otherwise: readonly number[]) => {
    const value = module?.attributes.get(name);
    return Array.isArray(value) && value.length === 2 ? (value as number[]) : otherwise;
  };
  const isDepthwise = perGroup === 1 && gives > 1;
  const groups = integerOf(module?.attributes.get("groups")) ?? (isDepthwise ? gives : 1);
  const [stride, bandStride] = settings("stride", [1, 1]);
  const same = taps.map((count) => Math.floor((count - 1) / 2));
  const [padding, bandPadding] = settings("padding", same);
  const [dilation = 1, bandDilation = 1] = settings("dilation", [1, 1]);
  const fields = {
    ...{ bands: 1, stride, bandStride, padding, bandPadding },
    ...(dilation > 1 && { dilation }),
    ...(bandDilation > 1 && { bandDilation }),
    ...(groups > 1 && { groups }),
  };
  const rest = module === undefined ? ["its strides, padding and groups are not in the file"] : [];
  const guesses = ["how many bands a row has is not in the file", ...rest];
  const what = `${groups * perGroup} → ${gives} channels, ${taps.join(" × ")} taps`;
  return { ...plain("conv2d", path, 0, 0), fields, what, guesses };
}

/** What a module has as a parameter of its own. */
function parameterPart(name: string, shape: Shape): Part {
  const sizes = shape.filter((size, i) => size !== 1 || i === shape.length - 1);
  const [first = 0, second] = sizes;
  if (second !== undefined && sizes.length === 2 && POSITIONS.test(name)) {
    const guesses = ["its name and shape say positions, added row by row"];
    return {
      ...plain("positions", name, second, second),
      what: `${first} rows of ${second}`,
      guesses,
    };
  }
  if (shape.length === 3 && sizes.length === 1 && first > 1) {
    const guesses = ["a row in front of all others, such as a class token"];
    const fields = { position: 0 };
    return { ...plain("insert_row", name, first, first), fields, what: `${first}`, guesses };
  }
  return unknown(name, [name], shape);
}

function unknown(path: string, names: readonly string[], shape: Shape): Part {
  return { ...plain("unknown", path, 0, 0), what: formatShape(shape), names };
}

function plain(kind: Part["kind"], path: string, takes: number, gives: number): Part {
  return { kind, path, takes, gives, fields: {}, what: "", guesses: [] };
}

/** Functions in a Sequential, whose place is known; not those inside of a block. */
function stateless(modules: Modules | undefined, parts: readonly Part[]): Part[] {
  const blocks = parts.filter(isMamba);
  return [...(modules ?? [])].flatMap(([path, module]) => {
    const parent = modules?.get(path.slice(0, Math.max(0, path.lastIndexOf("."))));
    const isInside = blocks.some((block) => path.startsWith(`${block.path}.`));
    if (isInside || parent === undefined || classOf(parent) !== "Sequential") return [];
    const part = statelessPart(path, module);
    return part === undefined ? [] : [part];
  });
}

/** As in the file; a module's own order is that of its parts, parameters before them. */
function inFileOrder(parts: readonly Part[], names: readonly string[], modules?: Modules): Part[] {
  const places = placesOf(modules === undefined ? names : [...modules.keys()]);
  const place = ({ path, names: [own = ""] = [] }: Part): number => {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf(".")));
    return places.get(path) ?? places.get(own) ?? places.get(parent) ?? names.length;
  };
  const sorted = parts.map((part) => ({ part, at: place(part) })).sort((a, b) => a.at - b.at);
  return sorted.map(({ part }) => part);
}

const MAX_DEPTH = 32;

/** Of names, and of what they begin with up to a dot: where the first of them stands. */
function placesOf(names: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  names.forEach((name, index) => {
    let dot = -1;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      dot = name.indexOf(".", dot + 1);
      const prefix = dot < 0 ? name : name.slice(0, dot);
      if (!places.has(prefix)) places.set(prefix, index);
      if (dot < 0) return;
    }
  });
  return places;
}
