/**
 * The end of a draft: how rows become one, and what is made of it. A checkpoint says only how wide the first layer
 * behind the pool is. Knows nothing of the blocks before it.
 */
import type { Part } from "./part.js";
import type { DraftItem, Writer } from "./writer.js";

export interface Ending {
  readonly items: readonly DraftItem[];
  /** Names of operators; absent: the last one. */
  readonly outputs?: readonly string[];
}

const NO_POOL = "remove it where every frame has an output";

export function headsOf(writer: Writer, heads: readonly Part[]): Ending {
  const rest = addAttention(writer, heads);
  const isPooled = rest.length < heads.length || heads.some(({ kind }) => kind === "pool");
  const next = rest.find(({ takes }) => takes > 0);
  if (isPooled) addBesides(writer, next);
  else addPool(writer, next);
  return addLayers(writer, rest);
}

/** A layer of one channel with others behind it scores rows. @returns the parts behind it */
function addAttention(writer: Writer, heads: readonly Part[]): readonly Part[] {
  const at = heads.findIndex(
    ({ kind, gives }, i) => kind === "linear" && gives === 1 && i < heads.length - 1,
  );
  if (at < 0) return heads;
  for (const part of heads.slice(0, at)) writer.addPart(part);
  const rows = writer.last;
  const width = writer.width;
  const score = heads[at] as Part;
  writer.addPart(score);
  const guess = `a layer of one channel that is not the last one scores rows; ${NO_POOL}`;
  const fields = { input: rows, pool: "attention", score: score.path };
  writer.add("pool", "pool", fields, "attention", [guess], width);
  return heads.slice(at + 1);
}

/** A second pool, where the next layer is twice as wide. */
function addBesides(writer: Writer, next: Part | undefined): void {
  if (next === undefined || next.takes !== 2 * writer.width) return;
  const pool = writer.items.findLast((item) => "op" in item && item.op.kind === "pool");
  const input = pool !== undefined && "op" in pool ? pool.op.input : undefined;
  if (input === undefined) return;
  const width = writer.width;
  const guess = "the next layer is twice as wide: it may see a maximum, too";
  writer.add("pool", "pool.max", { input, pool: "max" }, "max", [guess]);
  writer.add("concat", "pool.both", { inputs: ["pool", "pool.max"] }, "", [], 2 * width);
}

function addPool(writer: Writer, next: Part | undefined): void {
  const width = writer.width;
  const takes = next?.takes ?? width;
  const rows = writer.last;
  const times = width > 0 ? takes / width : 1;
  if (times === 2) {
    const guess = "the next layer is twice as wide: mean and maximum, or two rows";
    writer.add("pool", "pool", { pool: "mean" }, "mean", [guess]);
    addBesides(writer, next);
    if (writer.width !== takes) {
      writer.add("pool", "pool.max", { input: rows, pool: "max" }, "max", []);
      writer.add("concat", "pool.both", { inputs: ["pool", "pool.max"] }, "", [], takes);
    }
  } else if (times > 2 && Number.isInteger(times)) {
    const guess = `the next layer sees ${times} rows of ${width}, one behind the other`;
    writer.add("pool", "pool", { pool: "flatten" }, `${times} rows`, [guess], takes);
  } else {
    const guess = `mean, last and max are usual, and no file tells; ${NO_POOL}`;
    writer.add("pool", "pool", { pool: "mean" }, "mean", [guess]);
  }
}

/** One behind the other where widths allow it, else beside each other. */
function addLayers(writer: Writer, parts: readonly Part[]): Ending {
  const outputs: string[] = [];
  const start = writer.last;
  const width = writer.width;
  parts.forEach((part, i) => {
    const before = parts[i - 1];
    const isBeside =
      before !== undefined && part.takes > 0 && part.takes !== writer.width && part.takes === width;
    if (isBeside) {
      outputs.push(writer.last);
      writer.addPart(part, { input: start }, ["it reads what the head before it reads"]);
      return;
    }
    if (before?.kind === "linear" && part.kind === "linear") {
      const guess = "between two layers there is a function: a ReLU is usual";
      writer.add("activation", `${before.path}.act`, { activation: "relu" }, "function", [guess]);
    }
    writer.addPart(part);
  });
  if (outputs.length === 0) return { items: writer.items };
  return { items: writer.items, outputs: [...outputs, writer.last] };
}
