/**
 * Quantising the open model: the number type and the examples that are chosen, what became of it, or its problem.
 * Knows nothing of how it is shown.
 */
import { batch, computed, effect, signal } from "@preact/signals";
import type { NamedFile, QuantizeAnswer, QuantizeChoice } from "../worker/protocol.js";
import { explain, model, offered, openMade, work } from "./simulator.js";

/** Whether the panel's controls are asked for. */
export const isOpen = signal(false);
export const type = signal<QuantizeChoice["type"]>("int");
export const stateBits = signal<QuantizeChoice["stateBits"]>(32);
/** Names of ops as they were typed, with commas or spaces between. */
export const floatText = signal("");
export const exampleFiles = signal<readonly NamedFile[]>([]);
export const takesBundled = signal(true);

export const quantized = signal<QuantizeAnswer | null>(null);
export const quantizeProblem = signal<string | null>(null);
export const isQuantizing = signal(false);

export const bundledExamples = computed(() => offered.value?.examples ?? []);

const usedExamples = computed(() => (takesBundled.value ? bundledExamples.value : []));

/** Integers are calibrated over examples; w8 needs none. */
export const canQuantize = computed(
  () => type.value === "w8" || exampleFiles.value.length + usedExamples.value.length > 0,
);

// Another model takes other examples and has other ops; the number type that was wanted stays.
effect(() => {
  model.value;
  batch(() => {
    floatText.value = "";
    exampleFiles.value = [];
    takesBundled.value = true;
    forget();
  });
});

function forget(): void {
  quantized.value = null;
  quantizeProblem.value = null;
}

/** A person's own examples: those of the model are then only taken if they are asked for. */
export function chooseExamples(files: readonly NamedFile[]): void {
  batch(() => {
    isOpen.value = true;
    exampleFiles.value = files;
    takesBundled.value = files.length === 0;
    forget();
  });
}

export async function quantizeModel(): Promise<void> {
  forget();
  const choice = {
    type: type.peek(),
    stateBits: stateBits.peek(),
    float: namesIn(floatText.peek()),
  };
  const files = exampleFiles.peek();
  const examples = usedExamples.peek().map(({ url }) => ({ path: fileName(url), url: url.href }));
  isQuantizing.value = true;
  try {
    quantized.value = await work("quantize", { choice, files, examples }, "quantising");
  } catch (error) {
    quantizeProblem.value = explain(error);
  } finally {
    isQuantizing.value = false;
  }
}

export function namesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "");
}

function fileName({ pathname }: URL): string {
  return pathname.slice(pathname.lastIndexOf("/") + 1);
}

/** "har.mlm" becomes "har-int.mlm". */
export function quantizedName(name: string, of: QuantizeChoice["type"]): string {
  return `${name.replace(/\.[a-z]+$/i, "")}-${of}.mlm`;
}

export async function openQuantized(): Promise<void> {
  const made = quantized.peek();
  const before = model.peek();
  if (made === null || before === null) return;
  await openMade(quantizedName(before.name, made.type), made.blob);
}
