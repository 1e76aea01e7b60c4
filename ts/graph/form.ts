/**
 * Checks an op against its descriptor: how many values it reads, its fields, the shapes of its tensors.
 * Knows no kind of op.
 */
import { BadArgument } from "../core/errors.js";
import { descriptorOf, type Field, type Form, type Op } from "./descriptors/index.js";
import { Sizes } from "./sizes.js";
import { isTensor, type Tensor, type Value } from "./tensor.js";

/** The values that an op reads. */
export function inputsOf(op: Op): readonly Value[] {
  return "inputs" in op ? op.inputs : [op.input];
}

/** The op with other values to read. */
export function withInputs<O extends Op>(op: O, map: (value: Value) => Value): O {
  if ("inputs" in op) return { ...op, inputs: op.inputs.map(map) };
  return { ...op, input: map(op.input) };
}

export function tensorsOf(op: Op): readonly Tensor[] {
  const tensors: Tensor[] = [];
  mapTensors(op, (tensor) => {
    tensors.push(tensor);
    return tensor;
  });
  return tensors;
}

/** The op with every tensor through `map`. */
export function mapTensors<O extends Op>(op: O, map: (tensor: Tensor) => Tensor): O {
  return mapMembers(op, map) as O;
}

function mapMembers(value: object, map: (tensor: Tensor) => Tensor): object {
  const members = Object.entries(value).map(([key, member]: [string, unknown]) => {
    if (isTensor(member)) return [key, map(member)];
    const isGroup = typeof member === "object" && member !== null && !Array.isArray(member);
    return [key, isGroup ? mapMembers(member, map) : member];
  });
  return Object.fromEntries(members);
}

/**
 * An op with its sizes; `widths` are those of the values that it reads.
 * @throws BadArgument (number of inputs, a field), BadCheckpoint (a tensor)
 */
export function formOf<O extends Op>(op: O, widths: readonly number[]): Form<O> {
  const descriptor = descriptorOf(op);
  const inputs = inputsOf(op);
  const { least, most } = descriptor.inputs ?? { least: 1, most: 1 };
  if (inputs.length < least || inputs.length > most) {
    const expected = least === most ? `${least} values` : `${least} values or more`;
    throw new BadArgument(`inputs of op ${op.name}`, expected, String(inputs.length));
  }
  for (const [name, field] of Object.entries(descriptor.fields)) checkField(op, name, field);
  const width = widths[0] as number;
  const sizes = new Sizes({ in: width, ...descriptor.known?.(op, widths) });
  for (const { field, shapes, isOptional } of descriptor.tensors) {
    const tensor = memberOf(op, field);
    if (tensor === undefined && isOptional === true) continue;
    if (!isTensor(tensor)) throw new BadArgument(`${field} of op ${op.name}`, "a tensor", "none");
    sizes.bind(tensor, typeof shapes === "function" ? shapes(op) : shapes);
  }
  return { op, sizes, inputs, widths, width };
}

function checkField(op: Op, name: string, field: Field): void {
  const value = memberOf(op, name) ?? field.default;
  if (value === undefined && field.isOptional === true) return;
  const expected = expectedOf(field, value);
  if (expected !== undefined) {
    throw new BadArgument(`${name} of op ${op.name}`, expected, String(value ?? "nothing"));
  }
}

/** What a field's value should have been; undefined when it is so. */
function expectedOf(field: Field, value: unknown): string | undefined {
  const isFrom = (least: number) => Number.isSafeInteger(value) && (value as number) >= least;
  switch (field.type) {
    case "integer":
      return isFrom(field.least) ? undefined : `an integer from ${field.least} on`;
    case "number":
      return Number.isFinite(value) ? undefined : "a number";
    case "positive": {
      const rounded = Math.fround(Number(value));
      return rounded >= LEAST_NORMAL && Number.isFinite(rounded)
        ? undefined
        : "a positive float32 that is not subnormal";
    }
    case "flag":
      return typeof value === "boolean" ? undefined : "true or false";
    case "choice": {
      const isChoice = field.choices.includes(value as string);
      if (isChoice || (field.orInteger === true && isFrom(0))) return undefined;
      return `${field.choices.join(", ")}${field.orInteger === true ? " or an integer from 0 on" : ""}`;
    }
  }
}

const LEAST_NORMAL = 2 ** -126;

/** A member by its path: "weight", "inProj.weight". */
function memberOf(op: object, path: string): unknown {
  let value: unknown = op;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
