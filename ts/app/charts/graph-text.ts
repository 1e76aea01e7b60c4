/** What the graph says of a node, in words. Knows nothing of where it stands. */
import type { GraphNode } from "../../profile/index.js";
import { counted, grouped } from "../format.js";

const ORDINALS: Readonly<Record<number, string>> = { 1: "st", 2: "nd", 3: "rd" };

/** What every frame makes needs no word. */
export function rateText({ rate, isSequence }: Pick<GraphNode, "rate" | "isSequence">): string {
  if (!isSequence) return "once";
  if (rate === null) return "fixed rows";
  const { rows, frames } = rate;
  if (rows === frames) return "";
  if (rows === 1) return `every ${ordinal(frames)} frame`;
  return frames === 1 ? `${rows} rows a frame` : `${rows} rows in ${frames} frames`;
}

function ordinal(count: number): string {
  const isTeen = Math.floor(count / 10) % 10 === 1;
  return `${count}${(isTeen ? undefined : ORDINALS[count % 10]) ?? "th"}`;
}

/** The label, and the widths where it does not say them. */
export function sizeText({ label, inputWidth, width }: GraphNode): string {
  const said: readonly string[] = label.match(/\d+/g) ?? [];
  if (said.includes(String(width))) return label;
  const widths = inputWidth === width ? `${width}` : `${inputWidth} \u2192 ${width}`;
  return `${widths}, ${label}`;
}

/** One line with everything a card says. */
export function nodeText(node: GraphNode): string {
  const { name, kind, parameters, isBarrier } = node;
  const rate = rateText(node);
  return [
    name,
    `${kind} ${sizeText(node)}`,
    parameters === 0 ? "no weights" : counted(parameters, "weight"),
    ...(rate === "" ? [] : [rate]),
    ...(isBarrier ? ["waits for the end of the sequence"] : []),
  ].join(", ");
}

/** The parts of a block: "conv1d 64, 4 taps (320)". */
export function partsText({ parts }: Pick<GraphNode, "parts">): string {
  return parts
    .map(({ name, label, parameters }) => `${name} ${label} (${grouped(parameters)})`)
    .join("; ");
}
