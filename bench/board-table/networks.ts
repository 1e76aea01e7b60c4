/**
 * Small random networks whose operators span the sizes of published ones: what the table of costs is fitted on, and
 * what it is held against. Knows nothing of boards.
 */
import { activation, add, NetworkMaker, pool } from "../../test/unit/core/networks.js";
import type { InputArray } from "../../ts/core/input.js";
import { ACTIVATIONS } from "../../ts/graph/descriptors/rows.js";
import type { MambaOp, Network, Op } from "../../ts/graph/network.js";

export interface Example {
  readonly name: string;
  readonly network: Network;
  readonly input: InputArray;
}

interface Mixer {
  readonly inner: number;
  readonly states: number;
  readonly taps: number;
  readonly rank: number;
  /** Channels of the convolution differ too much for one unit of integers. */
  readonly isUneven?: boolean;
}

interface Recipe {
  readonly features: number;
  readonly width: number;
  readonly mixers: readonly Mixer[];
}

interface Listener {
  readonly fft: number;
  readonly window: number;
  readonly hop: number;
  readonly bands: number;
}

/** Enough that what a sequence costs once is little, few enough for a short trace; whole tiles of 4. */
const FRAMES = 16;
/** Where floating point is software, or where little differs from what is traced at length. */
const FEW_FRAMES = 8;

/** Sizes that published networks have, none of them a bundled model's or KWS-10's; the small ones first. */
const RECIPES: readonly Recipe[] = [
  { features: 8, width: 16, mixers: [mixer(32, 4, 4, 1), mixer(48, 8, 2, 2)] },
  // Of which nothing is a whole panel or group.
  { features: 5, width: 9, mixers: [mixer(18, 5, 4, 1), mixer(22, 6, 3, 2)] },
  { features: 12, width: 24, mixers: [mixer(48, 8, 4, 2), mixer(32, 16, 3, 4)] },
  { features: 11, width: 26, mixers: [mixer(52, 7, 4, 2), mixer(34, 16, 2, 3)] },
  { features: 6, width: 6, mixers: [mixer(11, 16, 4, 1), mixer(7, 3, 4, 3)] },
  { features: 20, width: 48, mixers: [mixer(96, 8, 4, 3), mixer(64, 16, 4, 1)] },
  { features: 9, width: 56, mixers: [mixer(112, 16, 4, 4), mixer(72, 4, 3, 8)] },
  { features: 64, width: 72, mixers: [mixer(144, 8, 4, 5)] },
  { features: 32, width: 32, mixers: [mixer(128, 16, 4, 2)] },
];
/** Of which more are as trained networks are: convolutions of 4 taps with biases, B and C in whole words. */
const FURTHER_RECIPES: readonly Recipe[] = [
  { features: 10, width: 20, mixers: [mixer(40, 8, 4, 2), mixer(40, 16, 4, 1)] },
  { features: 14, width: 28, mixers: [mixer(56, 16, 4, 2), mixer(28, 8, 4, 4)] },
  { features: 7, width: 15, mixers: [uneven(30, 12, 4, 2), uneven(19, 16, 4, 2)] },
  { features: 40, width: 44, mixers: [uneven(88, 8, 4, 3), mixer(88, 16, 4, 6)] },
  { features: 20, width: 52, mixers: [mixer(104, 8, 4, 4), uneven(72, 8, 4, 3)] },
];
const SMALL_RECIPES = 3;
const SOFT_RECIPES = 5;

const LISTENERS: readonly Listener[] = [
  { fft: 512, window: 400, hop: 160, bands: 30 },
  { fft: 256, window: 256, hop: 128, bands: 20 },
  { fft: 512, window: 512, hop: 256, bands: 64 },
  { fft: 1024, window: 640, hop: 320, bands: 32 },
  { fft: 256, window: 200, hop: 80, bands: 24 },
  { fft: 512, window: 480, hop: 240, bands: 6 },
];

/** Sizes of none of the above. */
const HELD_OUT: readonly Recipe[] = [
  { features: 3, width: 7, mixers: [mixer(14, 16, 4, 1), mixer(14, 16, 4, 1)] },
  { features: 18, width: 30, mixers: [mixer(60, 16, 4, 2)] },
  { features: 23, width: 40, mixers: [mixer(80, 8, 4, 3), mixer(80, 8, 4, 3)] },
  { features: 6, width: 64, mixers: [mixer(64, 16, 4, 4)] },
];
const CLASSES = 10;

function mixer(inner: number, states: number, taps: number, rank: number): Mixer {
  return { inner, states, taps, rank };
}

function uneven(inner: number, states: number, taps: number, rank: number): Mixer {
  return { ...mixer(inner, states, taps, rank), isUneven: true };
}

/** What costs are fitted on: stacks one behind the other, so that one firmware runs them all, and front ends. */
export function chain(): Example {
  return chainOf("chain", RECIPES, FRAMES);
}

/** Of integers: loops that the chain above has few of. */
export function furtherChain(): Example {
  return chainOf("further chain", FURTHER_RECIPES, FRAMES);
}

export function smallChain(): Example {
  return chainOf("small chain", RECIPES.slice(0, SMALL_RECIPES), FEW_FRAMES);
}

/** Of floats where they are software. */
export function softChain(): Example {
  return chainOf("soft chain", RECIPES.slice(0, SOFT_RECIPES), FEW_FRAMES);
}

export function listeners(isShort: boolean): Example[] {
  return LISTENERS.map((sizes, index) => listener(sizes, index, isShort ? FEW_FRAMES : FRAMES));
}

/** What networks have besides: activations, arithmetic, pools, over some widths. */
export function medley(isShort: boolean): Example {
  const widths = [12, 35, 64];
  const [first] = widths as [number];
  const make = new NetworkMaker(first);
  const ops: Op[] = [];
  const push = (op: Op) => ops.push(op);
  let last = 0;
  let from = first;
  const outputs = widths.flatMap((width) => {
    const named = (kind: string) => `${kind}${width}`;
    last = push(make.linear(named("in"), last, from, width, true));
    const straight = last;
    for (const kind of ACTIVATIONS) last = push(activation(named(kind), last, kind));
    for (const kind of ARITHMETICS)
      last = push({ kind, name: named(kind), inputs: [straight, last] });
    from = width;
    return POOLS.map((kind) => ({ name: named(kind), value: push(pool(named(kind), last, kind)) }));
  });
  const input = make.frames(isShort ? FEW_FRAMES : FRAMES, first);
  const network = { inputKind: "frames", inputWidth: first, ops, outputs } as const;
  return { name: "medley", input, network: { ...network, convention: "random" } };
}

const ARITHMETICS = ["add", "subtract", "multiply", "maximum", "minimum"] as const;
const POOLS = ["mean", "last", "max", "first", "sum", "min"] as const;

/** Tokens, of some widths. */
export function readers(): Example[] {
  return [24, 64].map((width) => {
    const make = new NetworkMaker(width);
    const ops = [
      make.embedding("embedding", VOCABULARY, width),
      make.norm("norm", 1, width, "rms", false),
      pool("pool", 2, "last"),
      make.linear("head", 3, width, VOCABULARY, false),
    ];
    return {
      name: `reader of ${width}`,
      network: { inputKind: "tokens", inputWidth: 1, ops, convention: "random" },
      input: make.tokens(FRAMES, VOCABULARY),
    };
  });
}

const VOCABULARY = 40;

/** What the costs are held against; of another length, too. */
export function heldOut(): Example[] {
  return HELD_OUT.map((recipe) =>
    chainOf(`stack of ${recipe.width}`, [recipe], FRAMES + FEW_FRAMES),
  );
}

/** affine, stacks, then means and a maximum with a linear layer each. */
function chainOf(name: string, recipes: readonly Recipe[], frames: number): Example {
  const { features, width } = recipes[0]!;
  const make = new NetworkMaker(width);
  const ops: Op[] = [];
  const push = (op: Op) => ops.push(op);
  let last = push(make.affine("affine", 0, features));
  let from = features;
  recipes.forEach((recipe, index) => {
    last = push(make.linear(`in${index}`, last, from, recipe.width, true));
    last = pushStack(make, ops, recipe, last, `stack${index}`);
    from = recipe.width;
  });
  // Of what the last block adds, too: of integers these are longer.
  const sums = ops.findLastIndex(({ kind }) => kind === "add") + 1;
  const pools = [
    ["mean", last],
    ["max", last],
    ["sums", sums],
  ] as const;
  const outputs = pools.map(([name, value]) => {
    const pooled = push(pool(name, value, name === "max" ? "max" : "mean"));
    return { name, value: push(make.linear(`${name}.classes`, pooled, from, CLASSES, true)) };
  });
  const input = make.frames(frames, features);
  const network = { inputKind: "frames", inputWidth: features, ops, outputs } as const;
  return { name, input, network: { ...network, convention: "random" } };
}

/** Residual blocks with norms of both kinds, and two linear layers with activations. Gives the last value. */
function pushStack(
  make: NetworkMaker,
  ops: Op[],
  { width, mixers }: Recipe,
  input: number,
  name: string,
): number {
  const push = (op: Op) => ops.push(op);
  let last = input;
  mixers.forEach((sizes, layer) => {
    const norm = layer === 0 ? "rms" : "layer";
    const normed = push(make.norm(`${name}.${layer}.norm`, last, width, norm, norm === "layer"));
    const block = { ...sizes, output: width, biases: layer === 1 };
    const made = make.mamba(`${name}.${layer}.mixer`, normed, width, block);
    const mixed = push(louder(sizes.isUneven ? withQuietChannel(made) : made));
    last = push(add(`${name}.${layer}.add`, last, mixed));
  });
  last = push(make.linear(`${name}.up`, last, width, 2 * width, false));
  last = push(activation(`${name}.relu`, last, "relu"));
  last = push(make.linear(`${name}.down`, last, 2 * width, width, true));
  return push(activation(`${name}.silu`, last, "silu"));
}

const QUIET = 2 ** -10;

/** The first channel of its convolution. */
function withQuietChannel(op: MambaOp): MambaOp {
  const { conv1d } = op;
  if (conv1d === undefined) return op;
  const { weight } = conv1d;
  const taps = weight.shape.at(-1) ?? 0;
  const data = weight.data.map((x, i) => (i < taps ? QUIET * x : x));
  return { ...op, conv1d: { ...conv1d, weight: { ...weight, data } } };
}

const LOUDER = 4;

/** As training makes them: with a state that counts for more than what passes it by. */
function louder(op: MambaOp): MambaOp {
  const { conv1d, xProj } = op;
  return {
    ...op,
    ...(conv1d && { conv1d: scaled(conv1d) }),
    xProj: scaled(xProj),
  };
}

function scaled({ weight, ...rest }: MambaOp["xProj"]): MambaOp["xProj"] {
  return { ...rest, weight: { ...weight, data: weight.data.map((x) => LOUDER * x) } };
}

/** A log-mel front end, affine, mean, linear. */
function listener(sizes: Listener, index: number, frames: number): Example {
  const { fft, window, hop, bands } = sizes;
  const make = new NetworkMaker(index + 100);
  const ops = [
    make.logmel("logmel", sizes),
    make.affine("affine", 1, bands),
    pool("pool", 2, "mean"),
    make.linear("classifier", 3, bands, CLASSES, true),
  ];
  return {
    name: `log-mel of ${fft}, ${bands} bands`,
    network: { inputKind: "samples", inputWidth: 1, ops, convention: "random" },
    input: make.frames(window + (frames - 1) * hop, 1),
  };
}
