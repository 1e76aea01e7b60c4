/**
 * What an arch file may say of each kind of op: the descriptors' fields and tensors, and the shorthands of
 * this folder. The checks, the schema and the reader go by this table; knows nothing of how ops are built.
 */
import {
  type AnyOp,
  DESCRIPTORS,
  type Descriptor,
  type Field,
  type TensorForm,
} from "../../graph/descriptors/index.js";

/** A field of an op in an arch file. */
export type ArchField =
  | Field
  /** The name of an earlier op. */
  | { readonly type: "op"; readonly isOptional?: true; readonly meaning: string };

/** A tensor that a kind of op has, under the key that `tensors` has it under. */
export interface ArchTensor {
  /** As PyTorch names it, "in_proj.weight"; of a tensor without a name of its own the field, "table". */
  readonly key: string;
  readonly form: TensorForm<AnyOp>;
}

export interface ArchKind {
  readonly kind: string;
  readonly summary: string;
  /** Absent: it reads one value. */
  readonly inputs?: {
    readonly least: number;
    readonly most: number;
    readonly names: readonly string[];
  };
  /** By name in the file. */
  readonly fields: Readonly<Record<string, ArchField>>;
  readonly tensors: readonly ArchTensor[];
  /** Numbers and tensors may stand among its inputs. */
  readonly takesConstants?: boolean;
}

type AnyDescriptor = Descriptor<AnyOp>;

/** Made from a front-end file, not from an arch. */
const NOT_IN_ARCH = ["logmel"];

const MOST_TERMS = 64;

/** Arithmetic of two values. */
const ARITHMETIC = ["add", "subtract", "multiply", "divide", "maximum", "minimum"];
/** Arithmetic of any number of values here, from left to right. */
const CHAINS = ["add", "multiply", "maximum", "minimum"];

const DIRECTION: Field = {
  type: "choice",
  choices: ["forward", "backward"],
  default: "forward",
  meaning: "backward: the rows are reversed before it, and its output behind it",
};

const LAYERS: Field = {
  type: "integer",
  least: 1,
  default: 1,
  meaning: "each reads the one before it; the tensors of the second one end in _l1",
};

const BIDIRECTIONAL: Field = {
  type: "flag",
  default: false,
  meaning:
    "a row has the hidden state of the way back, too, whose tensors end in _reverse, behind that of the way there",
};

const SINUSOIDAL: ArchField = {
  type: "integer",
  least: 1,
  isOptional: true,
  meaning:
    "rows of a table that no tensor holds: sines and cosines by turns (Vaswani et al., 2017)",
};

const SCORE: ArchField = {
  type: "op",
  isOptional: true,
  meaning: "of attention: the op that makes the score, of width 1 or as wide as the input",
};

/** What the file may say beyond the descriptor of a kind, which is made of it before it is checked. */
const EXTRAS: Readonly<Record<string, (fields: ArchKind["fields"]) => ArchKind["fields"]>> = {
  mamba: (fields) => ({ ...fields, direction: DIRECTION }),
  selective_scan: (fields) => ({ ...fields, direction: DIRECTION }),
  gru: (fields) => ({ ...fields, layers: LAYERS, bidirectional: BIDIRECTIONAL }),
  lstm: (fields) => ({ ...fields, layers: LAYERS, bidirectional: BIDIRECTIONAL }),
  norm: (fields) => ({
    ...fields,
    norm: optionalField(fields.norm, "which of the two; default: layer where there is a bias"),
  }),
  positions: (fields) => ({ ...fields, sinusoidal: SINUSOIDAL }),
  transpose: (fields) => ({ ...fields, rows: inferredRows(fields) }),
  flatten: (fields) => ({ ...fields, rows: inferredRows(fields) }),
  flatten_linear: (fields) => ({ ...fields, rows: inferredRows(fields) }),
  pool: (fields) => ({
    ...fields,
    pool: withChoices(fields.pool, "flatten", "attention"),
    score: SCORE,
    rows: inferredRows(DESCRIPTORS.flatten.fields),
    layout: DESCRIPTORS.flatten.fields.layout as Field,
  }),
};

const POSITIVE_EPS: Field = DESCRIPTORS.norm.fields.eps as Field;

function vectorTensor(suffix: string): ArchTensor {
  return { key: suffix, form: { field: suffix, suffix, shapes: [["in"]], isOptional: true } };
}

/** Kinds that are several ops. */
const SHORTHANDS: readonly ArchKind[] = [
  {
    kind: "bimamba",
    summary: "Vim's block of two directions (v1, v2), with A_b_log, conv1d_b, x_proj_b ...",
    fields: {
      divide: {
        type: "flag",
        default: false,
        meaning: "the directions' outputs are averaged, not added (if_divide_out)",
      },
      ...pick(fieldsOf(DESCRIPTORS.mamba), "xProjOrder", "convolution", "gate"),
    },
    tensors: [
      ...tensorsOf(DESCRIPTORS.mamba).filter(({ key }) => !key.includes("norm")),
      ...backwardTensors(),
      {
        key: "gamma",
        form: { field: "gamma", suffix: "gamma", shapes: [["out"]], isOptional: true },
      },
    ],
  },
  {
    kind: "revin",
    summary: "reversible instance normalisation: every channel less its mean, over its deviation",
    fields: {
      eps: POSITIVE_EPS,
      unbiased: { type: "flag", default: false, meaning: "the deviation divides by n - 1" },
      center: {
        type: "choice",
        choices: ["mean", "last"],
        default: "mean",
        meaning: "what is subtracted: the mean or the last row",
      },
    },
    tensors: [vectorTensor("affine_weight"), vectorTensor("affine_bias")],
  },
  {
    kind: "revin_undo",
    summary: "undoes a revin: times the deviation, plus the mean",
    fields: { of: { type: "op", meaning: "the name of the revin" } },
    tensors: [],
  },
];

export const ARCH_KINDS: ReadonlyMap<string, ArchKind> = new Map(
  [
    ...Object.values(DESCRIPTORS)
      .filter(({ kind }) => !NOT_IN_ARCH.includes(kind))
      .map((descriptor) => kindOf(descriptor as unknown as AnyDescriptor)),
    ...SHORTHANDS,
  ].map((kind) => [kind.kind, kind]),
);

function kindOf(descriptor: AnyDescriptor): ArchKind {
  const { kind, summary, inputs } = descriptor;
  const fields = fieldsOf(descriptor);
  const extra = EXTRAS[kind];
  return {
    kind,
    summary,
    ...(inputs && { inputs: CHAINS.includes(kind) ? { ...inputs, most: MOST_TERMS } : inputs }),
    fields: extra === undefined ? fields : extra(fields),
    tensors: tensorsOf(descriptor),
    takesConstants: ARITHMETIC.includes(kind),
  };
}

/** Fields by their names in the file: a field of a group, "scanNorm.eps", is "scanNormEps" there. */
function fieldsOf({
  fields,
}: {
  readonly fields: Readonly<Record<string, Field>>;
}): Record<string, Field> {
  return Object.fromEntries(Object.entries(fields).map(([path, field]) => [inFile(path), field]));
}

/** Where an op has a field: the inverse of `inFile`. */
export function pathOf(fields: Readonly<Record<string, Field>>, name: string): string {
  return Object.keys(fields).find((path) => inFile(path) === name) ?? name;
}

function inFile(path: string): string {
  return path.replace(/\.([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function tensorsOf({ tensors }: { readonly tensors: readonly unknown[] }): ArchTensor[] {
  return (tensors as readonly TensorForm<AnyOp>[]).map((form) => ({
    key: form.suffix === "" ? form.field : form.suffix,
    form,
  }));
}

/** The tensors of the direction of its own: `conv1d_b.weight` beside `conv1d.weight`. */
function backwardTensors(): ArchTensor[] {
  const own = /^(A_log|D|conv1d\..*|x_proj\..*|dt_proj\..*)$/;
  return tensorsOf(DESCRIPTORS.mamba)
    .filter(({ key }) => own.test(key))
    .map(({ key, form }) => {
      const backward = backwardName(key);
      const isOptional = key !== "A_log";
      return { key: backward, form: { ...form, field: backward, suffix: backward, isOptional } };
    });
}

/** A_log, A_b_log; conv1d.weight, conv1d_b.weight. */
export function backwardName(key: string): string {
  return key === "A_log" ? "A_b_log" : key.replace(/^[^.]*/, "$&_b");
}

function optionalField(field: ArchField | undefined, meaning: string): ArchField {
  return { ...(field as Field), isOptional: true, meaning };
}

function withChoices(field: ArchField | undefined, ...choices: readonly string[]): ArchField {
  const choice = field as Extract<Field, { type: "choice" }>;
  return { ...choice, choices: [...choice.choices, ...choices] };
}

function inferredRows(fields: Readonly<Record<string, ArchField>>): ArchField {
  const { meaning } = fields.rows as Field;
  return optionalField(
    fields.rows,
    `${meaning}; may be left out where the next layer's weight tells`,
  );
}

function pick<T>(
  from: Readonly<Record<string, T>>,
  ...names: readonly string[]
): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, from[name] as T]));
}
