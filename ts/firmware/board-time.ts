/**
 * What a run of a model takes on a board: traces the first plain run of a harness's image and times it. For Node.
 */
import { readFileSync } from "node:fs";
import { type BoardTiming, timingOf, withQio } from "../board/boards.js";
import type { Misses } from "../board/memory/hierarchy.js";
import { type Placement, type Stretch, THINGS, type Thing } from "../board/memory/memories.js";
import { OperatorsAndFunctions } from "../board/owners.js";
import { type Cycles, Timer } from "../board/timer.js";
import { type InstructionSet, type Listener, TraceReader } from "../board/trace-reader.js";
import { BadArgument } from "../core/errors.js";
import { HEADER, OP_BYTES } from "../core/format.js";
import { type Elf, type ElfSymbol, readElf } from "./elf.js";
import { FirmwareFailed } from "./errors.js";
import type { EmulatedTarget } from "./targets.js";
import { traceImage } from "./trace.js";

export interface TimeOptions {
  /** Id of a board whose times are known. Default: the one that the emulator stands for. */
  readonly board?: string;
  /** Ids of the board's memories, for what is not where it usually is. */
  readonly placement?: Readonly<Partial<Record<Thing, string>>>;
  /** Flash that is read four bits at a time, both ways. Default: as the board's usual project has it. */
  readonly qio?: boolean;
}

/** The image that is timed, and what is known of it. */
export interface TimedImage {
  readonly target: EmulatedTarget;
  readonly path: string;
  readonly blob: Uint8Array;
  readonly operators: readonly { readonly name: string; readonly kind: string }[];
  /** Id of the region of the arena. */
  readonly region: string;
  readonly timeoutMs: number;
}

export interface OperatorTime extends Cycles {
  readonly name: string;
  readonly ms: number;
}

export interface BoardTime extends Cycles {
  readonly board: string;
  readonly coreName: string;
  readonly clockHz: number;
  readonly conditions: readonly string[];
  /** Names of the memories. */
  readonly placement: Placement;
  readonly ms: number;
  readonly lowMs: number;
  readonly highMs: number;
  readonly operators: readonly OperatorTime[];
  /** What the core does between operators. */
  readonly between: Cycles;
  /** The most first. */
  readonly functions: readonly ({ readonly name: string } & Cycles)[];
  readonly misses: readonly Misses[];
  readonly mispredicted: number;
  /** Encodings that the decoder does not know, with how many instructions have each: they count one cycle. */
  readonly unknown: ReadonlyMap<string, number>;
}

/** Targets whose traces stand for boards of another instruction set. */
const PROXIES: Readonly<Partial<Record<EmulatedTarget, readonly string[]>>> = {
  riscv32: ["esp32s3", "esp32s3-psram", "esp32", "esp32p4"],
};

/** Boards that a target's trace can be timed for on top of its own. */
export function proxiedBoards(target: EmulatedTarget): readonly string[] {
  return PROXIES[target] ?? [];
}

/**
 * The board's times, with what was chosen.
 * @param board id of the one that the emulator stands for
 * @throws BadArgument for a board without times, or a memory that it does not have
 */
export function checkTime(board: string, options: TimeOptions): BoardTiming {
  const id = options.board ?? board;
  const timing = timingOf(id);
  if (timing === undefined) throw new BadArgument("board", "one whose times are known", id);
  for (const [thing, memory] of Object.entries(options.placement ?? {})) {
    if (memory in timing.memories) continue;
    const ids = Object.keys(timing.memories).join(", ");
    throw new BadArgument("placement", `for ${id} one of ${ids}`, `${thing}=${memory}`);
  }
  return options.qio ? withQio(timing) : timing;
}

/** @throws BadArgument, FirmwareFailed */
export async function timeImage(
  image: TimedImage,
  board: string,
  options: TimeOptions,
): Promise<BoardTime> {
  const [time] = await timeImageOnAll(image, [{ ...options, board: options.board ?? board }]);
  return time!;
}

/**
 * One trace, timed for several boards.
 * @throws BadArgument, FirmwareFailed
 */
export async function timeImageOnAll(
  image: TimedImage,
  boards: readonly (TimeOptions & { readonly board: string })[],
): Promise<BoardTime[]> {
  const { target, path } = image;
  const elf = readElf(readFileSync(path));
  const timed: Timed[] = [];
  const reader = new TraceReader(instructionSet(target), (index, address) => {
    for (const { owners } of timed) owners.known(index, address);
  });
  for (const options of boards) {
    const timing = checkTime(options.board, options);
    const placement = placementOf(timing, image.region, options.placement);
    const owners = ownersOf(reader, elf, image);
    const timer = new Timer(timing, reader.program, placement, stretchesOf(elf), owners);
    timed.push({ timing, placement, owners, timer });
  }
  const [first] = timed;
  reader.listen(timed.length === 1 ? first!.timer : new AllTimers(timed));
  await traceImage(target, path, tracedCall(target, elf), image.timeoutMs, (piece) =>
    reader.feed(piece),
  );
  if (!reader.isComplete) throw new FirmwareFailed(target, "the trace has no end", null);
  return timed.map((one) => report(one, image, reader));
}

/** A board that a trace is timed for. */
interface Timed {
  readonly timing: BoardTiming;
  readonly placement: Placement;
  readonly owners: OperatorsAndFunctions;
  readonly timer: Timer;
}

class AllTimers implements Listener {
  constructor(readonly timed: readonly Timed[]) {}

  execute(index: number, addresses: Uint32Array, count: number, next: number): void {
    for (const { timer } of this.timed) timer.execute(index, addresses, count, next);
  }
}

function instructionSet(target: EmulatedTarget): InstructionSet {
  return target === "riscv32" ? "riscv" : "thumb";
}

/** The arena is where the linker put it, if the board has such a memory. */
function placementOf(
  { placement, memories }: BoardTiming,
  region: string,
  chosen: TimeOptions["placement"],
): Placement {
  return { ...placement, ...(region in memories && { arena: region }), ...chosen };
}

function ownersOf(reader: TraceReader, elf: Elf, { blob, operators }: TimedImage) {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  return new OperatorsAndFunctions(
    reader.program,
    elf.symbols.filter(({ isFunction }) => isFunction),
    {
      from: "mlm_run_ops",
      records: symbolOf(elf, "model_blob").address + view.getUint32(HEADER.opOffset, true),
      operators: operators.length,
      recordBytes: OP_BYTES,
    },
  );
}

function symbolOf({ symbols }: Elf, name: string): ElfSymbol {
  const found = symbols.find((symbol) => symbol.name === name);
  if (found === undefined) throw new RangeError(`the image has no ${name}`);
  return found;
}

/** The harness's first plain run. */
function tracedCall(target: string, elf: Elf) {
  const find = (name: string) => elf.symbols.find((symbol) => symbol.name === name);
  const run = find("mlm_session_run");
  const caller = find("call_run");
  if (run === undefined || caller === undefined) {
    throw new FirmwareFailed(target, "the image has no run to trace", null);
  }
  const { address, bytes } = caller;
  return { start: run.address, caller: address, endOfCaller: address + bytes };
}

const SECTIONS: Readonly<Partial<Record<Thing, readonly string[]>>> = {
  arena: [".arena"],
  inputs: [".emulator_inputs"],
  code: [".reset", ".vectors", ".text", ".rodata"],
  data: [".data", ".bss", ".noinit", ".stack", ".emulator_variables"],
};

/** The model lies among the constants, so that it comes first. */
function stretchesOf(elf: Elf): Stretch[] {
  const blob = symbolOf(elf, "model_blob");
  const sections = THINGS.flatMap((thing) =>
    elf.sections
      .filter(({ name, bytes }) => bytes > 0 && SECTIONS[thing]?.includes(name))
      .map(({ address, bytes }) => ({ thing, begin: address, end: address + bytes })),
  );
  return [{ thing: "weights", begin: blob.address, end: blob.address + blob.bytes }, ...sections];
}

// ---- the report ------------------------------------------------------------------------------------

function report(
  { timing, placement, owners, timer }: Timed,
  { operators }: TimedImage,
  { program }: TraceReader,
): BoardTime {
  const { owners: charged, misses, mispredicted } = timer.result();
  const measured = owners.byOperator(charged);
  const corrected = measured.map((cycles, i) => correct(timing, operators[i]?.kind, cycles));
  const all = sumOf(corrected);
  const ms = (cycles: number) => (cycles / timing.clockHz) * 1000;
  return {
    ...{ board: timing.id, coreName: timing.core.name, clockHz: timing.clockHz },
    ...{ conditions: timing.conditions, placement, ...all },
    ...{ ms: ms(all.total), lowMs: ms(all.low), highMs: ms(all.high) },
    operators: operators.map(({ name }, i) => ({
      ...{ name, ...corrected[i]!, ms: ms(corrected[i]!.total) },
    })),
    between: corrected[operators.length]!,
    functions: owners.byFunction(charged),
    ...{ misses, mispredicted, unknown: program.unknown },
  };
}

/** Cycles of a proxy, as those of the core that it stands for; what waits for memory is the same. */
function correct({ proxy }: BoardTiming, kind: string | undefined, cycles: Cycles): Cycles {
  if (proxy === undefined) return cycles;
  const factor = (kind === undefined ? undefined : proxy.factors[kind]) ?? proxy.otherwise;
  const core = cycles.core * factor;
  const waits = { total: cycles.total - cycles.core, high: cycles.high - cycles.core };
  return {
    instructions: cycles.instructions,
    core,
    total: core + waits.total,
    low: core * (1 - proxy.uncertainty) + Math.max(0, cycles.low - cycles.core),
    high: core * (1 + proxy.uncertainty) + waits.high,
  };
}

function sumOf(all: readonly Cycles[]): Cycles {
  const sum = (key: keyof Cycles) => all.reduce((total, cycles) => total + cycles[key], 0);
  return {
    ...{ instructions: sum("instructions"), core: sum("core"), total: sum("total") },
    ...{ low: sum("low"), high: sum("high") },
  };
}
