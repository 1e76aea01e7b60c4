/** What integers cost on the whole test sets, and with few inputs to calibrate with. Prints lines of `Report`. */
import { readTrainingSet } from "../training-sets.mjs";
import {
  calibration,
  engines,
  floatsOf,
  integersOf,
  randomSome,
  readSubject,
  runAll,
  sizesOf,
  weightBytesOf,
} from "./networks.mjs";

const { compareLogits, classify } = await import("../../../dist/profile/index.js");

const FEW = 16;
const SEEDS = 10;
/** Room above the largest state, of 16 bits, that one is chosen of. */
const MARGINS = [1, 2, 4, 8];
const BUNDLED = /** @type {const} */ (["har", "kws"]);
const KWS10_LEAST = 63;
/** Points of accuracy. */
const MOST_LOSS = 0.15;
const MOST_LOSS_16 = 0.3;
const STEM = "kws-conv2d";
const LEAST_SAME = { har: 99.9, kws: 99.8, [STEM]: 99.7 };
const LEAST_SAME_OF_FEW = { har: 99.8, kws: 99.7 };

/** Whole test sets, calibrated with training data only. */
export async function printAccuracy(report) {
  for (const name of BUNDLED) await printWholeSet(report, name);
}

/** The keyword spotter whose stem is over time and bands. */
export async function printStem(report) {
  await printWholeSet(report, STEM);
}

async function printWholeSet(report, name) {
  const subject = readSubject(name);
  const { inputs, classes } = /** @type {import("../test-sets.mjs").TestSet} */ (subject.test);
  const floatBlob = floatsOf(subject);
  const floats = await runAll(floatBlob, inputs);
  const rightOfFloats = accuracyOf(floats.logits, classes);
  const sizes = await sizesOf(floatBlob);
  report.line(`${name}, ${inputs.length} inputs, f32: ${percent(rightOfFloats)}, ${sizes}`);
  for (const stateBits of [32, 16]) {
    const blob = await integersOf(subject, calibration(subject.training), { stateBits });
    const { logits, saturations } = await runAll(blob, inputs);
    const right = accuracyOf(logits, classes);
    const { same, text } = compared(logits, floats.logits);
    const title = `${name}, int, state of ${stateBits} bits`;
    report.line(`${title}: ${percent(right)}, ${text}, ${saturations} saturations`);
    report.line(`${title}: ${await sizesOf(blob)}`);
    const most = stateBits === 16 ? MOST_LOSS_16 : MOST_LOSS;
    report.limit(`${title}: points from f32`, Math.abs(rightOfFloats - right), "<=", most);
    if (stateBits === 32) report.limit(`${title}: same classes, %`, same, ">=", LEAST_SAME[name]);
  }
}

/** Any few inputs of the training sets. */
export async function printFew(report) {
  for (const name of BUNDLED) {
    const subject = readSubject(name);
    const { inputs } = subject.test;
    const floats = await runAll(floatsOf(subject), inputs);
    for (let seed = 0; seed < SEEDS; seed++) {
      const blob = await integersOf(subject, randomSome(subject.training, FEW, seed));
      const { logits, saturations } = await runAll(blob, inputs);
      const { same, text } = compared(logits, floats.logits);
      const title = `${name}, ${FEW} inputs of seed ${seed}`;
      report.line(`${title}: ${text}, ${saturations} saturations`);
      report.limit(`${title}: same classes, %`, same, ">=", LEAST_SAME_OF_FEW[name]);
    }
  }
}

export async function printKws10(report) {
  const subject = readSubject("kws10");
  const { inputs } = subject.test;
  const floats = await runAll(floatsOf(subject), inputs);
  const forms = {
    w8: await weightBytesOf(subject),
    int: await integersOf(subject, calibration(subject.training)),
    "int, state of 16 bits": await integersOf(subject, calibration(subject.training), {
      stateBits: 16,
    }),
  };
  const counts = {};
  for (const [form, blob] of Object.entries(forms)) {
    const { logits, saturations } = await runAll(blob, inputs);
    const { text, count } = compared(logits, floats.logits);
    counts[form] = count;
    report.line(`KWS-10, ${form}: ${text}, ${saturations} saturations`);
    report.line(`KWS-10, ${form}: ${await sizesOf(blob)}`);
  }
  const least = Math.max(KWS10_LEAST, counts.w8);
  report.limit("KWS-10, int: same classes", counts.int, ">=", least);
}

/** By inputs that are neither calibrated with nor in a test set: for the usual margin in ts/quantize/exponents.ts. */
export async function printMargins(report) {
  for (const name of BUNDLED) {
    const subject = readSubject(name);
    const heldOut = readTrainingSet(name, "held-out");
    const inputs = Array.from({ length: heldOut.count }, (_, index) => heldOut.item(index));
    const floats = await runAll(floatsOf(subject), inputs);
    for (const stateMargin of MARGINS) {
      const options = { stateBits: 16, stateMargin };
      const blob = await integersOf(subject, calibration(subject.training), options);
      const { logits, saturations } = await runAll(blob, inputs);
      const { text } = compared(logits, floats.logits);
      report.line(
        `${name}, held out, state of 16 bits, margin ${stateMargin}: ${text}, ` +
          `${saturations} saturations`,
      );
    }
  }
}

function accuracyOf(logits, classes) {
  return 100 * classify(logits, classes, logits[0].length).accuracy;
}

function compared(logits, reference) {
  const { sameClasses, meanRelative, maxRelative } = compareLogits(logits, reference);
  const same = (100 * sameClasses) / logits.length;
  const error = `${meanRelative.toExponential(1)} / ${maxRelative.toExponential(1)}`;
  const text = `${sameClasses} of ${logits.length} classes as f32 (${percent(same)}), error ${error}`;
  return { count: sameClasses, same, text };
}

function percent(value) {
  return `${value.toFixed(2)} %`;
}

export function disposeEngines() {
  for (const engine of Object.values(engines)) engine.dispose();
}
