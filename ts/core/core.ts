/**
 * One instance of the core: its functions with types, and its structs (see csrc/include) read
 * from memory into plain objects. Knows nothing of when to call what.
 */
import { instantiate, instantiateSync } from "@assemblyscript/loader";
import { BadWasm } from "./errors.js";
import { LinearMemory } from "./memory.js";
import {
  COUNTS,
  FAULT,
  MODEL_INFO,
  OP_INFO,
  OPERATOR_INFO,
  OUTPUT_INFO,
  PLAN,
  readStruct,
  type Struct,
  TENSOR_INFO,
} from "./structs.js";
import { atOnceIfAllowed } from "./wasm.js";

/** The functions of wasm/exports.c. Numbers are unsigned 32-bit words, but come back signed. */
export interface CoreFunctions {
  model_open(blob: number, bytes: number, fault: number): number;
  status_string(status: number): number;
  version_string(): number;
  simd(): number;
  model_info(info: number): void;
  output_info(output: number, info: number): number;
  output_rows(output: number, inputs: number): number;
  output_rows_pushed(output: number, inputs: number): number;
  op_class_count(): number;
  op_class_name(kind: number): number;
  op_count(): number;
  tensor_count(): number;
  op_info(op: number, info: number): number;
  op_name(op: number): number;
  label(index: number): number;
  metadata(): number;
  tensor_info(tensor: number, info: number): number;
  operator_count(schedule: number): number;
  operator_info(schedule: number, index: number, info: number): number;
  operator_counts(
    schedule: number,
    tile: number,
    maxFrames: number,
    frames: number,
    index: number,
    counts: number,
  ): number;
  plan_buffer_count(schedule: number, tile: number, maxFrames: number): number;
  plan_make(
    schedule: number,
    tile: number,
    maxFrames: number,
    plan: number,
    table: number,
    capacity: number,
  ): number;
  session_init(
    session: number,
    schedule: number,
    tile: number,
    maxFrames: number,
    arena: number,
    arenaBytes: number,
  ): number;
  all_finite(address: number, count: number): number;
  session_reset(session: number): void;
  session_receive(session: number, output: number, rows: number, capacity: number): number;
  session_push(session: number, inputs: number, count: number): number;
  session_finish(session: number, vectors: number): number;
  session_vectors(session: number, vectors: number): number;
  session_frames(session: number): number;
  session_inputs(session: number): number;
  session_saturations(session: number): number;
  session_state_bytes(session: number): number;
  session_save_state(session: number, state: number, bytes: number): number;
  session_load_state(session: number, state: number, bytes: number): number;
  session_feed(session: number, frames: number, count: number): number;
  session_feed_end(session: number): number;
  session_step(session: number, step: number): number;
  session_repeat(session: number, times: number): number;
  session_self_test(session: number): number;
  session_forget(session: number): number;
  model_is_endless(): number;
  events_bytes(
    classes: number,
    smooth: number,
    holdOff: number,
    thresholds: number,
    bytes: number,
  ): number;
  events_init(
    classes: number,
    smooth: number,
    holdOff: number,
    thresholds: number,
    memory: number,
    bytes: number,
  ): number;
  events_reset(events: number): void;
  events_take(events: number, probabilities: number, detection: number): number;
  events_averages(events: number): number;
}

interface CoreExports extends CoreFunctions {
  memory: WebAssembly.Memory;
  __heap_base: WebAssembly.Global;
}

const FUNCTION_NAMES = [
  "model_open",
  "status_string",
  "version_string",
  "simd",
  "model_info",
  "output_info",
  "output_rows",
  "output_rows_pushed",
  "op_class_count",
  "op_class_name",
  "op_count",
  "tensor_count",
  "op_info",
  "op_name",
  "label",
  "metadata",
  "tensor_info",
  "operator_count",
  "operator_info",
  "operator_counts",
  "plan_buffer_count",
  "plan_make",
  "session_init",
  "all_finite",
  "session_reset",
  "session_receive",
  "session_push",
  "session_finish",
  "session_vectors",
  "session_frames",
  "session_inputs",
  "session_saturations",
  "session_state_bytes",
  "session_save_state",
  "session_load_state",
  "session_feed",
  "session_feed_end",
  "session_step",
  "session_repeat",
  "session_self_test",
  "session_forget",
  "model_is_endless",
  "events_bytes",
  "events_init",
  "events_reset",
  "events_take",
  "events_averages",
] as const satisfies readonly (keyof CoreFunctions)[];

/** Values of mlm_status that are no errors; the others are known by their names. */
export const STATUS_OK = 0;
export const STATUS_DONE = 1;

/** Room for any struct but the buffers of a plan. */
const RESULT_BYTES = 80;
const BUFFER_BYTES = 20;

/** mlm_options as three words. */
export type OptionWords = readonly [schedule: number, tile: number, maxFrames: number];

export class Core {
  readonly functions: CoreFunctions;
  readonly memory: LinearMemory;
  readonly #results: number;

  /** @throws BadWasm when the module is not this package's core. */
  static async instantiate(module: WebAssembly.Module): Promise<Core> {
    assertCore(module);
    try {
      const { instance } = await atOnceIfAllowed(
        () => instantiateSync(module, {}),
        () => instantiate(module, {}),
      );
      return new Core(instance.exports as unknown as CoreExports);
    } catch (cause) {
      throw new BadWasm(`the core cannot be instantiated: ${String(cause)}`, { cause });
    }
  }

  private constructor(exports: CoreExports) {
    this.functions = exports;
    this.memory = new LinearMemory(exports.memory, Number(exports.__heap_base.value));
    this.#results = this.memory.allocate(RESULT_BYTES, "results");
  }

  get version(): string {
    return this.memory.text(this.functions.version_string());
  }

  /** True for the build with SIMD instructions. */
  get simd(): boolean {
    return this.functions.simd() !== 0;
  }

  /** For example "MLM_ERR_CRC". */
  statusName(status: number): string {
    return this.memory.text(this.functions.status_string(status));
  }

  /** Opens the blob at `address`; a fault's numbers come with every status but STATUS_OK. */
  openModel(address: number, bytes: number) {
    this.memory.words(this.#results, FAULT.length).fill(0);
    const status = this.functions.model_open(address, bytes, this.#results);
    return { status, ...this.#result(FAULT) };
  }

  modelInfo() {
    this.functions.model_info(this.#results);
    return this.#result(MODEL_INFO);
  }

  opName(op: number): string {
    return this.memory.text(this.functions.op_name(op));
  }

  label(index: number): string {
    return this.memory.text(this.functions.label(index));
  }

  metadata(): string {
    return this.memory.text(this.functions.metadata());
  }

  outputInfo(output: number) {
    this.functions.output_info(output, this.#results);
    const info = this.#result(OUTPUT_INFO);
    return { ...info, name: this.memory.text(info.name) };
  }

  /** The names of the op classes in this core, by kind; "" where there is none. */
  opClasses(): string[] {
    return Array.from({ length: this.functions.op_class_count() }, (_, kind) =>
      this.memory.text(this.functions.op_class_name(kind)),
    );
  }

  opInfo(op: number) {
    this.functions.op_info(op, this.#results);
    const info = this.#result(OP_INFO);
    const read = (address: number) => this.memory.text(address);
    return { ...info, kind: read(info.kind), type: read(info.type), exponent: info.exponent | 0 };
  }

  tensorInfo(tensor: number) {
    this.functions.tensor_info(tensor, this.#results);
    const info = this.#result(TENSOR_INFO);
    const read = (address: number) => this.memory.text(address);
    return {
      ...info,
      name: read(info.name),
      dtype: read(info.dtype),
      packing: read(info.packing),
    };
  }

  operatorInfo(schedule: number, index: number) {
    this.functions.operator_info(schedule, index, this.#results);
    const info = this.#result(OPERATOR_INFO);
    return { ...info, name: this.memory.text(info.name) };
  }

  /** The 64-bit counts in the order of COUNTS. */
  operatorCounts(options: OptionWords, frames: number, index: number) {
    const status = this.functions.operator_counts(...options, frames, index, this.#results);
    const counts = new BigUint64Array(this.memory.u8.buffer, this.#results, COUNTS.length).slice();
    return { status, counts };
  }

  /** Plans; the numbers of the plan come with STATUS_OK only. */
  planNumbers(options: OptionWords) {
    return this.#withPlan(options, (status) => ({ status, plan: this.#result(PLAN) }));
  }

  /** Plans and reads the plan's numbers and its buffers. */
  makePlan(options: OptionWords) {
    return this.#withPlan(options, (status, table) => {
      const plan = this.#result(PLAN);
      const length = status === STATUS_OK ? plan.bufferCount : 0;
      const buffers = Array.from({ length }, (_, i) => this.#buffer(table + i * BUFFER_BYTES));
      return { status, plan, buffers };
    });
  }

  #withPlan<T>(options: OptionWords, read: (status: number, table: number) => T): T {
    const count = this.functions.plan_buffer_count(...options) >>> 0;
    const table = this.memory.allocate(count * BUFFER_BYTES, "a plan");
    try {
      return read(this.functions.plan_make(...options, this.#results, table, count), table);
    } finally {
      this.memory.free(table);
    }
  }

  #buffer(address: number) {
    const [role, offset, bytes, operators, owner] = this.memory.words(address, BUFFER_BYTES / 4);
    return {
      role: this.memory.text(role!),
      offset: offset!,
      bytes: bytes!,
      firstOp: operators! & 0xffff,
      lastOp: operators! >>> 16,
      op: owner! & 0xffff,
      kind: (owner! >>> 16) & 0xff,
      isWhole: owner! >>> 24 !== 0,
    };
  }

  /** A copy of the struct that a function has just written. */
  #result<const Fields extends readonly string[]>(fields: Fields): Struct<Fields> {
    return readStruct(fields, this.memory.words(this.#results, fields.length));
  }
}

/** @throws BadWasm for a module that needs imports or lacks an export. */
function assertCore(module: WebAssembly.Module): void {
  const needed = WebAssembly.Module.imports(module)[0];
  if (needed !== undefined) {
    throw new BadWasm(`not this package's core: it imports ${needed.module}.${needed.name}`);
  }
  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = ["memory", "__heap_base", ...FUNCTION_NAMES].find((name) => !exported.has(name));
  if (missing !== undefined) {
    throw new BadWasm(`not this package's core, or of another version: no export ${missing}`);
  }
}
