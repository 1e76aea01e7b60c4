/**
 * Finds layers that repeat: parts whose names differ in one number only. Parts of lists beside each other
 * (norms.0, norms.1, blocks.0, blocks.1; n1, n2, m1, m2) become rounds, too. Knows nothing of operators.
 */
import { isMamba, isNorm, type Part } from "./part.js";

/** Equal layers; paths of the parts have "{i}" for the number. */
export interface Round {
  readonly first: number;
  readonly count: number;
  readonly parts: readonly Part[];
}

export type Item = Part | Round;

export function isRound(item: Item): item is Round {
  return "count" in item;
}

/** One layer of a list: "encoder.layers", 3 and its parts. */
interface Layer {
  readonly list: string;
  readonly index: number;
  readonly parts: Part[];
}

export function itemsOf(parts: readonly Part[]): Item[] {
  const lists = listsOf(parts);
  const items: Item[] = [];
  for (let at = 0; at < lists.length; ) {
    const list = lists[at] as Layer[] | Part;
    if (!Array.isArray(list)) {
      items.push(list);
      at++;
      continue;
    }
    const beside = [list];
    for (let next = lists[at + 1]; Array.isArray(next) && sameIndices(list, next); ) {
      beside.push(next);
      next = lists[at + beside.length];
    }
    const hasMamba = beside.some((layers) => layers.some((layer) => layer.parts.some(isMamba)));
    const used = hasMamba && areLayers(beside) ? beside : [list];
    items.push(...asRounds(used));
    at += used.length;
  }
  return items;
}

/** Numbers in a list are layers; those at the end of a name only where blocks and their norms have them. */
function areLayers(lists: readonly Layer[][]): boolean {
  return lists.every((layers) => {
    const isList = layers[0]?.list.endsWith(".") === true || layers[0]?.list === "";
    const parts = layers.flatMap((layer) => layer.parts);
    return isList || parts.every((part) => isMamba(part) || isNorm(part));
  });
}

/** Consecutive layers of one list together, everything else as it is. */
function listsOf(parts: readonly Part[]): (Layer[] | Part)[] {
  const lists: (Layer[] | Part)[] = [];
  for (const part of parts) {
    const [, list, digits] = /^(.*?(?:^|\.|[A-Za-z_]))(\d{1,5})(?=\.|$)/.exec(part.path) ?? [];
    const last = lists.at(-1);
    if (list === undefined) {
      lists.push(part);
      continue;
    }
    const index = Number(digits);
    if (Array.isArray(last) && last[0]?.list === list) {
      const layer = last.at(-1) as Layer;
      if (layer.index === index) layer.parts.push(part);
      else last.push({ list, index, parts: [part] });
    } else lists.push([{ list, index, parts: [part] }]);
  }
  return lists;
}

function sameIndices(a: readonly Layer[], b: readonly Layer[]): boolean {
  return a.length === b.length && a.every(({ index }, i) => b[i]?.index === index);
}

/** A round where all layers are alike, else their parts one behind the other. */
function asRounds(lists: readonly Layer[][]): Item[] {
  const [first = []] = lists;
  const layers = first.map((_, i) => {
    const parts = lists.flatMap((list) => list[i]?.parts ?? []);
    return lists.length === 1
      ? parts
      : [...parts.filter(isNorm), ...parts.filter((p) => !isNorm(p))];
  });
  const names = lists.map((list) => list[0]?.list ?? "");
  const start = first[0]?.index ?? 0;
  const templates = layers.map((parts, i) => {
    const index = first[i]?.index ?? 0;
    return parts.map((part) => templateOf(part, index, names));
  });
  const texts = templates.map((parts) => JSON.stringify(parts));
  const areAlike = texts.every((text) => text === texts[0]);
  const areInRow = first.every(({ index }, i) => index === start + i);
  const hasMamba = layers.some((parts) => parts.some(isMamba));
  if (!areAlike || !areInRow || !hasMamba || layers.length < 2) return layers.flat();
  return [{ first: start, count: layers.length, parts: templates[0] as Part[] }];
}

function templateOf(part: Part, index: number, lists: readonly string[]): Part {
  const list = lists.find((name) => part.path.startsWith(`${name}${index}`)) ?? "";
  const numbered = (path: string) =>
    path.startsWith(`${list}${index}`) ? `${list}{i}${path.slice(`${list}${index}`.length)}` : path;
  const { tensors } = part.fields as { tensors?: Readonly<Record<string, string>> };
  const renamed =
    tensors &&
    Object.fromEntries(Object.entries(tensors).map(([key, name]) => [key, numbered(name)]));
  return {
    ...part,
    path: numbered(part.path),
    fields: { ...part.fields, ...(renamed && { tensors: renamed }) },
  };
}
