/**
 * Adds the ops of an arch file to an assembly: names become values, tensors are taken, fields go where an op
 * has them. Knows no kind of op; what is several ops goes by the functions that it is given.
 */
import { BadArgument } from "../../core/errors.js";
import { DESCRIPTORS, type OpKind } from "../../graph/descriptors/index.js";
import type { Value } from "../../graph/tensor.js";
import { quoted } from "../../plain-text.js";
import type { ArchInput, CheckedOp } from "./arch.js";
import { Assembly, type Members } from "./assembly.js";
import { INPUT_NAME } from "./expand.js";
import { pathOf } from "./kinds.js";
import { nameOf, type TensorTaker } from "./tensors.js";

/** Adds what an op of the file stands for, and returns the value that goes by its name. */
export type Shorthand = (checked: CheckedOp, builder: Builder) => Value;

/** Resolves names of ops to values while the ops are added. */
export class Builder {
  readonly assembly: Assembly;
  readonly #values = new Map<string, Value>([[INPUT_NAME, 0]]);
  /** What a shorthand keeps for another one that names it. */
  readonly kept = new Map<string, unknown>();

  constructor(
    inputWidth: number,
    readonly ops: readonly CheckedOp[],
    readonly taker: TensorTaker,
    private readonly shorthands: ReadonlyMap<string, Shorthand>,
  ) {
    this.assembly = new Assembly(inputWidth);
  }

  /** The first so many ops, or all. */
  addAll(count = this.ops.length): void {
    for (const checked of this.ops.slice(0, count)) {
      const value = this.#build(checked);
      this.#values.set(checked.op.name, value);
    }
  }

  /** @throws BadArgument for a name that is no earlier op's */
  valueOf(name: string, path: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) {
      throw new BadArgument(path, `"${INPUT_NAME}" or an earlier operator`, quoted(name));
    }
    return value;
  }

  inputsOf({ op, kind, path }: CheckedOp): Value[] {
    if (kind.inputs !== undefined) {
      return (op.inputs as readonly string[]).map((name, i) =>
        this.valueOf(name, `${path}.inputs[${i}]`),
      );
    }
    const { input } = op;
    return [input === undefined ? this.assembly.last : this.valueOf(input, `${path}.input`)];
  }

  /** Adds an op as it stands in the file, or with other inputs, fields or tensors. */
  addPlain(
    checked: CheckedOp,
    inputs: readonly Value[] = this.inputsOf(checked),
    more: {
      readonly fields?: Members;
      readonly among?: readonly string[];
      readonly name?: string;
    } = {},
  ): Value {
    const { op } = checked;
    const fields = { ...this.fieldsOf(checked), ...more.fields };
    const width = this.assembly.widthOf(inputs[0] ?? 0);
    const taken = this.taker.takeAll(checked, fields, width, more.among);
    const tensors = checked.kind.tensors
      .filter(({ key }) => taken.has(key))
      .map(({ key, form }) => [form.field, taken.get(key)]);
    const members = { ...fields, ...Object.fromEntries(tensors) };
    return this.assembly.add(op.kind as OpKind, more.name ?? op.name, inputs, members);
  }

  /** The fields of an op of the network that the file gives, by where the op has them. */
  fieldsOf({ op }: CheckedOp): Record<string, unknown> {
    const { fields } = DESCRIPTORS[op.kind as OpKind] as { fields: Parameters<typeof pathOf>[0] };
    const known = Object.keys(op).map((name) => [pathOf(fields, name), op[name]] as const);
    return Object.fromEntries(known.filter(([path]) => Object.hasOwn(fields, path)));
  }

  /** Columns of the weight that reads what the op makes, through ops that have none; 0: nothing tells. */
  columnsBehind({ op }: CheckedOp): number {
    const names = new Set([op.name]);
    const from = this.ops.findIndex((checked) => checked.op === op) + 1;
    for (const [i, later] of this.ops.slice(from).entries()) {
      const before = this.ops[from + i - 1]?.op.name ?? "";
      if (!namesOfInputs(later, before).some((name) => names.has(name))) continue;
      const [first] = later.kind.tensors;
      const shape = first && this.taker.weights.shapeOf(nameOf(later, first));
      if (shape !== undefined) return lastAboveOne(shape);
      names.add(later.op.name);
    }
    return 0;
  }

  /** An op that nothing reads and that is not among these values. */
  idle(used: ReadonlySet<Value>): CheckedOp | undefined {
    return this.ops.find(({ op }) => {
      const value = this.#values.get(op.name) as Value;
      return !this.assembly.isRead(value) && !used.has(value);
    });
  }

  #build(checked: CheckedOp): Value {
    const { op, path } = checked;
    const shorthand = this.shorthands.get(op.kind);
    try {
      return shorthand === undefined ? this.addPlain(checked) : shorthand(checked, this);
    } catch (error) {
      throw error instanceof BadArgument && !error.argument.startsWith("arch")
        ? new BadArgument(`${path}: ${error.argument}`, error.expected, error.got)
        : error;
    }
  }
}

function namesOfInputs({ op, kind }: CheckedOp, before: string): readonly string[] {
  if (kind.inputs === undefined) return [op.input ?? before];
  return (op.inputs as readonly ArchInput[]).filter((input) => typeof input === "string");
}

/** Of a weight, whatever dimensions of 1 are behind: a Conv1d of one tap. */
function lastAboveOne(shape: readonly number[]): number {
  return shape.findLast((size) => size > 1) ?? 1;
}
