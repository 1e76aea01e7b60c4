/**
 * Makes operators of parts: one behind the other as their widths allow, with the sums, pools and functions between
 * them that such networks usually have. Everything that no tensor tells is marked as a guess.
 */
import { type Ending, headsOf } from "./heads.js";
import { isMamba, isMixer, isNorm, type Part } from "./part.js";
import { type Item, isRound, type Round } from "./rounds.js";
import { Writer } from "./writer.js";

/** The operators, names of the outputs, and tensors that are left out. */
export function compose(items: readonly Item[]): Ending & { readonly ignore: readonly string[] } {
  const unknown = items.flatMap((item) => (isRound(item) ? item.parts : [item]));
  const ignore = unknown
    .filter(({ kind }) => kind === "unknown")
    .flatMap(({ names = [] }) => names);
  const known = items.filter((item) => isRound(item) || item.kind !== "unknown");
  const { body, heads } = divided(known);
  const writer = new Writer();
  addAll(writer, withParametersBehindInput(body), false);
  return { ...headsOf(writer, heads), ignore };
}

/** Heads are what is behind the last block and the norm behind it. */
function divided(items: readonly Item[]): { body: readonly Item[]; heads: readonly Part[] } {
  const isBlock = (item: Item) => isRound(item) || isMixer(item);
  let last = items.findLastIndex(isBlock);
  if (last < 0) return { body: items, heads: [] };
  while (isNormItem(items[last + 1]) || isFeedForward(items, last + 1)) {
    last += isNormItem(items[last + 1]) ? 1 : 2;
  }
  const heads = items.slice(last + 1).filter((item): item is Part => !isRound(item));
  return { body: items.slice(0, last + 1), heads };
}

function isNormItem(item: Item | undefined): boolean {
  return item !== undefined && !isRound(item) && isNorm(item);
}

/** Two layers behind a norm that give what the first takes, with a norm behind them. */
function isFeedForward(items: readonly Item[], at: number): boolean {
  const [before, up, down, behind] = items.slice(at - 1, at + 3);
  return isNormItem(before) && isNormItem(behind) && isPair(up, down);
}

function isPair(up: Item | undefined, down: Item | undefined): boolean {
  if (up === undefined || down === undefined || isRound(up) || isRound(down)) return false;
  const areLinear = up.kind === "linear" && down.kind === "linear";
  return areLinear && up.gives === down.takes && down.gives === up.takes;
}

/** Positions and class tokens are of the width of the rows that blocks see: they come just before those. */
function withParametersBehindInput(items: readonly Item[]): readonly Item[] {
  const isLoose = (item: Item) =>
    !isRound(item) && (item.kind === "positions" || item.kind === "insert_row");
  const loose = items.filter(isLoose) as Part[];
  const rest = items.filter((item) => !isLoose(item));
  const isBlock = (item: Item) => isRound(item) || isMamba(item) || isNorm(item);
  const at = Math.max(0, rest.findIndex(isBlock));
  const sorted = loose.toSorted(
    (a, b) => Number(a.kind === "positions") - Number(b.kind === "positions"),
  );
  return [...rest.slice(0, at), ...sorted, ...rest.slice(at)];
}

function addAll(writer: Writer, items: readonly Item[], isInRound: boolean): void {
  for (let at = 0; at < items.length; ) {
    const item = items[at] as Item;
    if (isRound(item)) {
      addRound(writer, item);
      at++;
    } else if (isMamba(item) || item.kind === "attention")
      at += addBlock(writer, items, at, isInRound);
    else if (isNormItem(items[at - 1]) && isPair(item, items[at + 1])) {
      addFeedForward(writer, item, items[at + 1] as Part);
      at += 2;
    } else {
      writer.addPart(item);
      const next = items[at + 1];
      const isFollowed = next !== undefined && !isRound(next) && next.kind === "activation";
      if (item.kind === "batchnorm" && !isFollowed) {
        writer.add("activation", `${item.path}.act`, { activation: "relu" }, "function", [
          "behind a BatchNorm there is usually a ReLU",
        ]);
      }
      at++;
    }
  }
}

function addRound(writer: Writer, { first, count, parts }: Round): void {
  writer.inRounds(first, count, () => addAll(writer, parts, true));
}

/** A Mamba or attention, or two Mambas of both directions, with what is added to what. @returns items that it took */
function addBlock(writer: Writer, items: readonly Item[], at: number, isInRound: boolean): number {
  const part = items[at] as Part;
  const backward = pairOf(part, items[at + 1]);
  const behind = at + (backward === undefined ? 1 : 2);
  const hasNormBefore = isNormItem(items[at - 1]);
  const hasNormBehind = isNormItem(items[behind]) && (isInRound || backward !== undefined);
  const start = hasNormBefore ? writer.beforeLast : writer.last;
  const input = writer.last;
  writer.addPart(part);
  const outputs = [writer.last];
  if (backward !== undefined) {
    const guess = "it sees the rows from the end, as its name or its twin says";
    writer.addPart(backward, { input, direction: "backward" }, [guess]);
    outputs.push(writer.last);
  }
  const isResidual = hasNormBefore || hasNormBehind;
  if (isResidual || backward !== undefined) {
    const inputs = isResidual ? [start, ...outputs] : outputs;
    const place = hasNormBefore ? "before" : "behind";
    const guess = isResidual
      ? `x is added to what the block makes of it, as there is a norm ${place} it`
      : "the directions are added";
    const name = isResidual ? addName(part.path) : `${part.path}.sum`;
    writer.add("add", name, { inputs }, "sum", [guess]);
  }
  return behind - at;
}

/** layers.{i}.mixer: layers.{i}.add */
function addName(path: string): string {
  const dot = path.lastIndexOf(".");
  return /\{i\}$/.test(path) || dot < 0 ? `${path}.add` : `${path.slice(0, dot)}.add`;
}

const FORWARD = /(^|[._])(f|fw|fwd|forward|m1?|mamba_?1?|fwd_mamba)$/i;
const BACKWARD = /(b|bw|bwd|back|backward|rev|reverse)$/i;

/** The block of the other direction: of the same sizes, with a name that says so. */
function pairOf(part: Part, next: Item | undefined): Part | undefined {
  if (next === undefined || isRound(next) || next.kind !== "mamba" || part.kind !== "mamba") {
    return undefined;
  }
  const isTwin = next.what === part.what && BACKWARD.test(next.path);
  const saysForward = FORWARD.test(part.path) || /f(or)?w(ar)?d/i.test(part.path);
  return isTwin && saysForward && !BACKWARD.test(part.path) ? next : undefined;
}

function addFeedForward(writer: Writer, up: Part, down: Part): void {
  const start = writer.beforeLast;
  writer.addPart(up);
  const guess = "between the two layers there is usually a GELU";
  writer.add("activation", `${up.path}.act`, { activation: "gelu" }, "function", [guess]);
  writer.addPart(down);
  const sum = "x is added to what the two layers make of it";
  writer.add("add", `${down.path}.add`, { inputs: [start, writer.last] }, "sum", [sum]);
}
