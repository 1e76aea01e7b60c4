/**
 * A draft of an arch file for a checkpoint whose names follow no convention: what its tensors are, in which order
 * they probably run, and what is a guess. The file is to be read and mended by the person who knows the
 * network.
 */
import { BadCheckpoint } from "../../core/errors.js";
import { abbreviate, quoted } from "../../plain-text.js";
import { withoutReferences } from "../exported.js";
import type { StateDict } from "../state-dict.js";
import { compose } from "./compose.js";
import { isOrderLost, likelyOrder } from "./order.js";
import { partsOf } from "./parts.js";
import { itemsOf } from "./rounds.js";
import type { DraftItem, DraftOp } from "./writer.js";

export interface Draft {
  readonly items: readonly DraftItem[];
  readonly outputs?: readonly string[];
  /** Tensors that nothing tells the use of. */
  readonly ignore: readonly string[];
  /** Of the whole, a sentence or two. */
  readonly guess: string;
}

/** More would be no network that a person drafts. */
const MAX_TENSORS = 8192;

const ORDER = "The order of the operators is a guess: no checkpoint holds it.";
const SORTED = "The names of the file are sorted, so that even the order of the layers is a guess.";

/** @throws BadCheckpoint when there is nothing to make operators of. */
export function draftOf(stateDict: StateDict): Draft {
  const weights = withoutReferences(stateDict);
  const names = [...weights.tensors.keys(), ...weights.others.keys()];
  if (names.length > MAX_TENSORS) {
    throw new BadCheckpoint("the checkpoint", `at most ${MAX_TENSORS} tensors`, `${names.length}`);
  }
  const found = partsOf(weights);
  if (found.every(({ kind }) => kind === "unknown")) {
    const got = names.length === 0 ? "no tensors" : abbreviate(names);
    throw new BadCheckpoint("the checkpoint", "layers to make operators of", got);
  }
  const isLost = weights.modules === undefined && isOrderLost(names);
  const { items, outputs, ignore } = compose(itemsOf(isLost ? likelyOrder(found) : found));
  const leftOut =
    ignore.length === 0
      ? []
      : [`Left out, as nothing tells what it is for: ${abbreviate(ignore)}.`];
  const guess = [ORDER, ...(isLost ? [SORTED] : []), ...leftOut].join(" ");
  return { items, ...(outputs && { outputs }), ignore, guess };
}

/** The arch file, one operator a line. */
export function draftText({ items, outputs, ignore, guess }: Draft): string {
  const members = [
    `  "guess": ${JSON.stringify(guess)}`,
    `  "ops": [\n${items.map((item) => itemText(item, "    ")).join(",\n")}\n  ]`,
    ...(outputs === undefined ? [] : [`  "outputs": ${JSON.stringify(outputs)}`]),
    ...(ignore.length === 0 ? [] : [`  "ignore": ${JSON.stringify(ignore)}`]),
  ];
  return `{\n${members.join(",\n")}\n}\n`;
}

function itemText(item: DraftItem, indent: string): string {
  if ("op" in item) return `${indent}${flatText(item.op)}`;
  const { first, count, ops } = item;
  const start = first === 0 ? "" : `"first": ${first}, `;
  const inside = ops.map((op) => itemText(op, `${indent}  `)).join(",\n");
  return `${indent}{ "repeat": ${count}, ${start}"ops": [\n${inside}\n${indent}] }`;
}

/** { "kind": "linear", "name": "head" } */
function flatText(value: object): string {
  const members = Object.entries(value).map(([key, member]) => {
    const isObject = typeof member === "object" && member !== null && !Array.isArray(member);
    return `${JSON.stringify(key)}: ${isObject ? flatText(member) : JSON.stringify(member)}`;
  });
  return `{ ${members.join(", ")} }`;
}

/** One line of what a person is shown of it. */
export interface DraftLine {
  /** Within layers that repeat: 1. */
  readonly depth: number;
  readonly name: string;
  readonly kind: string;
  readonly what: string;
  /** "" where it is sure. */
  readonly guess: string;
}

export function draftLines({ items, ignore }: Draft): DraftLine[] {
  const line = (depth: number, { op, what }: DraftOp): DraftLine => ({
    depth,
    name: String(op.name),
    kind: String(op.kind),
    what,
    guess: typeof op.guess === "string" ? op.guess : "",
  });
  const lines = items.flatMap((item): DraftLine[] => {
    if ("op" in item) return [line(0, item)];
    const { first, count, ops } = item;
    const last = first + count - 1;
    const head = {
      depth: 0,
      name: `{i} = ${first} .. ${last}`,
      kind: "repeat",
      what: `${count} times`,
      guess: "",
    };
    return [head, ...ops.map((op) => line(1, op))];
  });
  const leftOut = ignore.map((name) => ({
    depth: 0,
    name,
    kind: "left out",
    what: "",
    guess: `nothing tells what ${quoted(name)} is for`,
  }));
  return [...lines, ...leftOut];
}
