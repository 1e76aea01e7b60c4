/** What is known of the operators that are pointed at, in words. */
import { counted, grouped, milliseconds } from "../format.js";
import type { OperatorFacts } from "../state/pointing.js";

const SHOWN_BUFFERS = 4;
/** Of a long list of operators the ends. */
const SHOWN_NAMES = 2;

export function factsText(facts: OperatorFacts): string {
  return `${namesText(facts.names)}: ${[
    buffersText(facts),
    `${grouped(facts.aliveBytes)} of ${grouped(facts.arenaBytes)} bytes in use meanwhile`,
    ...facts.boards.map(
      ({ id, ms, ofMs }) => `about ${milliseconds(ms)} of ${milliseconds(ofMs)} ms on ${id}`,
    ),
    ...(facts.hostMs === undefined ? [] : [`${milliseconds(facts.hostMs)} ms on this host`]),
  ].join("; ")}`;
}

function namesText(names: readonly string[]): string {
  if (names.length <= SHOWN_NAMES) return names.join(", ");
  return `${names[0]} to ${names.at(-1)}`;
}

function buffersText({ buffers, bytes }: OperatorFacts): string {
  if (buffers.length === 0) return "no buffer of its own";
  const some = buffers
    .slice(0, SHOWN_BUFFERS)
    .map((buffer) => `${buffer.role} ${grouped(buffer.bytes)}`);
  const more = buffers.length > SHOWN_BUFFERS ? ", ..." : "";
  return `${counted(buffers.length, "buffer")} of ${grouped(bytes)} bytes (${some.join(", ")}${more})`;
}
