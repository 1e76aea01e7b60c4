/**
 * Puts a network together op by op: each is completed by its descriptor's defaults, checked, and its width
 * becomes known to the next. Knows nothing of what an arch file looks like.
 */
import { BadArgument } from "../../core/errors.js";
import {
  type AnyOp,
  DESCRIPTORS,
  descriptorOf,
  type Field,
  type Op,
  type OpKind,
  type PrimitiveOp,
} from "../../graph/descriptors/index.js";
import { withInputs } from "../../graph/form.js";
import type { Network } from "../../graph/network.js";
import type { Tensor, Value } from "../../graph/tensor.js";
import { infoOf, type ValueInfo } from "../../graph/values.js";
import { assumptionOf } from "../assumptions.js";

/** Fields and tensors by where an op has them: "weight", "inProj.weight", "scanNorm.eps". */
export type Members = Readonly<Record<string, unknown>>;

export class Assembly {
  readonly ops: Op[] = [];
  readonly assumptions = new Set<string>();
  readonly #values: ValueInfo[];
  readonly #read = new Set<Value>();

  constructor(readonly inputWidth: number) {
    this.#values = [{ width: inputWidth, isVector: false }];
  }

  /** The most recent value. */
  get last(): Value {
    return this.ops.length;
  }

  widthOf(value: Value): number {
    return this.#info(value).width;
  }

  isVector(value: Value): boolean {
    return this.#info(value).isVector;
  }

  isRead(value: Value): boolean {
    return this.#read.has(value);
  }

  assume(sentence: string): void {
    this.assumptions.add(sentence);
  }

  /** Adds an op. @throws BadArgument, BadCheckpoint when it does not fit what it reads */
  add(kind: OpKind, name: string, inputs: readonly Value[], members: Members = {}): Value {
    const descriptor = DESCRIPTORS[kind];
    const reads = "inputs" in descriptor && descriptor.inputs ? { inputs } : { input: inputs[0] };
    const fields = this.#withDefaults(kind, name, descriptor.fields, members);
    const op = nested({ kind, name, ...reads, ...fields }) as unknown as Op;
    const infos = inputs.map((input) => this.#info(input));
    const made = infoOf(op, infos);
    this.#tryEncoding(op, infos, made);
    for (const input of inputs) this.#read.add(input);
    this.ops.push(op);
    this.#values.push(made);
    return this.last;
  }

  finish(convention: string): Network {
    const assumptions = [...this.assumptions];
    return {
      inputWidth: this.inputWidth,
      inputKind: this.ops[0]?.kind === "embedding" ? "tokens" : "frames",
      ops: this.ops,
      convention,
      ...(assumptions.length > 0 && { assumptions }),
    };
  }

  #info(value: Value): ValueInfo {
    return this.#values[value] as ValueInfo;
  }

  /** With the defaults of fields that are not given; what is a group's has none, and is said with the group. */
  #withDefaults(
    kind: OpKind,
    name: string,
    fields: Readonly<Record<string, Field>>,
    members: Members,
  ): Members {
    const defaults: Record<string, unknown> = {};
    for (const [path, field] of Object.entries(fields)) {
      if (members[path] !== undefined) continue;
      const group = path.slice(0, path.indexOf(".") + 1);
      if (group !== "" && Object.keys(members).some((member) => member.startsWith(group))) {
        throw new BadArgument(`${path} of op ${name}`, `one, as it has a ${group}weight`, "none");
      }
      if (field.default !== undefined) defaults[path] = field.default;
      const assumption = assumptionOf(kind, path, field.default);
      if (assumption !== undefined) this.assume(assumption);
    }
    return { ...defaults, ...members };
  }

  /** What only its encoding finds: widths that differ, channels that are not there, a sequence that is none. */
  #tryEncoding(op: Op, infos: readonly ValueInfo[], { form }: ValueInfo): void {
    if (form === undefined) return;
    const areVectors = infos.map(({ isVector }) => isVector);
    const inputs = infos.map((_, index) => index);
    let read = 0;
    const local = withInputs(op as AnyOp as Op, () => inputs[read++] as Value);
    descriptorOf(op).encode({ ...form, op: local, inputs }, (primitive) => {
      this.#checkTime(op, primitive, areVectors);
      const { time } = primitive.primitive;
      const isVector = time === "pool" || primitive.inputs.every((input) => areVectors[input]);
      areVectors.push(isVector);
      return areVectors.length - 1;
    });
  }

  #checkTime(op: Op, { primitive, inputs }: PrimitiveOp, areVectors: readonly boolean[]): void {
    if (primitive.front !== undefined && this.last !== 0) {
      throw new BadArgument(`op ${op.name}`, `an ${op.kind} only first`, "one later");
    }
    const takesVectors = primitive.time === "rows";
    if (takesVectors || inputs.every((input) => areVectors[input] !== true)) return;
    throw new BadArgument(
      `op ${op.name}`,
      `a sequence for ${op.kind}`,
      "something after the pool, which is one row",
    );
  }
}

/** { "a.b": 1 } as { a: { b: 1 } } */
function nested(members: Members): object {
  const result: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(members)) {
    if (value === undefined) continue;
    const [group = "", field] = path.split(".");
    if (field === undefined) result[group] = value;
    else result[group] = { ...(result[group] as object | undefined), [field]: value };
  }
  return result;
}

/** A tensor, if it is there, at its place. */
export function optionalMember(path: string, tensor: Tensor | undefined): Members {
  return tensor === undefined ? {} : { [path]: tensor };
}
