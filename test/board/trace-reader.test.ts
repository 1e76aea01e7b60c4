/** Records of a trace in pieces of any length, and who is charged for what they say. */
import { describe, expect, test } from "vitest";
import { timingOf } from "../../ts/board/boards.js";
import { OperatorsAndFunctions } from "../../ts/board/owners.js";
import { Timer } from "../../ts/board/timer.js";
import { TraceReader } from "../../ts/board/trace-reader.js";

const known = (id: number, address: number, code: number) => [(id << 2) | 2, address, code];
const executed = (id: number) => [id << 2];
const accessed = (address: number) => [1, address];
const ended = (next: number) => [3, next];

const bytesOf = (...records: number[][]) => new Uint8Array(Uint32Array.from(records.flat()).buffer);

const NOP = 0x8000f3af;
const LDR_R0_R1 = 0x6808;
const BLX_R3 = 0x4798;
const BX_LR = 0x4770;
const IT_EQ = 0xbf08;
const ADD_R0_1 = 0x3001;

interface Seen {
  readonly address: number;
  readonly data: readonly number[];
  readonly next: number;
}

function seenIn(pieces: readonly Uint8Array[]): { seen: Seen[]; reader: TraceReader } {
  const reader = new TraceReader("thumb");
  const seen: Seen[] = [];
  reader.listen({
    execute: (index, addresses, count, next) =>
      seen.push({
        address: reader.program.address[index]!,
        data: [...addresses.subarray(0, count)],
        next,
      }),
  });
  for (const piece of pieces) reader.feed(piece);
  return { seen, reader };
}

describe("a trace", () => {
  const trace = bytesOf(
    ...[known(0, 0x100, NOP), known(1, 0x104, LDR_R0_R1), known(2, 0x106, BX_LR)],
    ...[executed(0), executed(1), accessed(0x20000004), executed(2), ended(0x40)],
  );
  const expected: Seen[] = [
    { address: 0x100, data: [], next: 0x104 },
    { address: 0x104, data: [0x20000004], next: 0x106 },
    { address: 0x106, data: [], next: 0x40 },
  ];

  test("says what is executed, with its addresses and where control goes", () => {
    const { seen, reader } = seenIn([trace]);
    expect(seen).toEqual(expected);
    expect(reader.isComplete).toBe(true);
  });

  test.each([1, 2, 3, 5, 7, 8, 64])("in pieces of %d bytes", (size) => {
    const pieces = Array.from({ length: Math.ceil(trace.length / size) }, (_, i) =>
      trace.subarray(i * size, (i + 1) * size),
    );
    expect(seenIn(pieces).seen).toEqual(expected);
  });

  test("that breaks off is not complete", () =>
    expect(seenIn([trace.subarray(0, trace.length - 8)]).reader.isComplete).toBe(false));

  test("makes conditional what is behind an `it`, whenever that is translated", () => {
    const { reader } = seenIn([
      bytesOf(known(0, 0x100, IT_EQ), known(9, 0x300, NOP), known(1, 0x102, ADD_R0_1)),
    ]);
    const predicated = reader.program.instructions.map((instruction) => instruction.predicated);
    expect(predicated).toEqual([false, false, true]);
  });

  test("names and counts what the decoder does not know", () => {
    const { reader } = seenIn([bytesOf(known(0, 0x100, 0x0000f0ff), known(1, 0x104, 0xba80))]);
    expect(reader.program.unknown.get("unknown ba80")).toBe(1);
  });
});

describe("operators", () => {
  const RECORDS = 0x8000;
  const BYTES = 80;
  const record = (operator: number) => accessed(RECORDS + operator * BYTES + 4);
  const functions = [
    { name: "dispatch", address: 0x100, bytes: 0x20 },
    { name: "kernel", address: 0x200, bytes: 0x20 },
    { name: "empty", address: 0x300, bytes: 0 },
  ];
  /** The dispatcher reads a record, reads those before it, and calls. */
  const run = (operator: number) => [
    ...[executed(0), record(operator), executed(0), record(operator - 1), executed(1)],
    ...[executed(2), executed(2), executed(2), executed(3)],
  ];
  const entry = executed(4);

  function charged(...records: number[][]) {
    const reader = new TraceReader("thumb", (index, address) => owners.known(index, address));
    const dispatch = { from: "dispatch", records: RECORDS, operators: 4, recordBytes: BYTES };
    const owners = new OperatorsAndFunctions(reader.program, functions, dispatch);
    const board = timingOf("stm32h743")!;
    const timer = new Timer(board, reader.program, board.placement, [], owners);
    reader.listen(timer);
    const code = [
      ...[known(0, 0x104, LDR_R0_R1), known(1, 0x106, BLX_R3), known(2, 0x200, NOP)],
      ...[known(3, 0x204, BX_LR), known(4, 0x100, NOP)],
    ];
    reader.feed(bytesOf(...code, ...records, ended(0)));
    const result = timer.result();
    return {
      operators: owners.byOperator(result.owners).map(({ instructions }) => instructions),
      functions: owners.byFunction(result.owners).map(({ name }) => name),
      result,
    };
  }

  test("are known by the record that was read before they are called", () => {
    const { operators, functions: names } = charged(entry, ...run(1), ...run(3), ...run(3));
    expect(operators).toEqual([0, 4, 0, 8, 10]);
    expect(names.sort()).toEqual(["dispatch", "kernel"]);
  });

  test("a record that was read without a call is forgotten when the dispatcher begins anew", () => {
    const { operators } = charged(entry, executed(0), record(3), entry, ...run(1));
    expect(operators).toEqual([0, 4, 0, 0, 6]);
  });

  test("all of the cycles are somebody's", () => {
    const { result } = charged(entry, ...run(1), ...run(2));
    const sum = result.owners.reduce((total, { core }) => total + core, 0);
    expect(sum).toBe(result.core);
    expect(result.instructions).toBe(15);
  });
});
