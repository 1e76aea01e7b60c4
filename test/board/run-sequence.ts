/** Runs hand-written lines through a core, over and over: cycles a repetition once it has settled. */
import { decodeThumb } from "../../ts/board/isa/thumb.js";
import type { Core } from "../../ts/board/pipeline/core.js";
import { Program } from "../../ts/board/pipeline/program.js";
import { Scoreboard } from "../../ts/board/pipeline/scoreboard.js";
import type { Encodings } from "./assembler.js";

const MEMORY = 0x20000000;
const FIRST = 8;
const MORE = 16;

/** A line, and what it loads from. */
export function parts(line: string): { text: string; offset: number | undefined } {
  const [text = "", offset] = line.split(" @");
  return { text, offset: offset === undefined ? undefined : Number(offset) };
}

export function cyclesOf(core: Core, lines: string, encodings: Encodings): number {
  const program = new Program();
  const body = lines.split("\n").map(parts);
  let address = 0x1000;
  const copies = Array.from({ length: FIRST + MORE }, () =>
    body.map(({ text, offset }) => {
      const [first = 0, second = 0] = (encodings[text] ?? "")
        .split(" ")
        .map((half) => Number.parseInt(half, 16));
      const index = program.add(address, decodeThumb(first, second, false));
      address += program.bytes[index]!;
      return { index, offset, next: address };
    }),
  );
  const board = new Scoreboard(core, program);
  const at = copies.map((copy) => {
    for (const { index, offset, next } of copy) {
      board.execute(index, offset === undefined ? 0 : 1, MEMORY + (offset ?? 0), next, 0, 0);
    }
    return board.cycles;
  });
  return (at[FIRST + MORE - 1]! - at[FIRST - 1]!) / MORE;
}
