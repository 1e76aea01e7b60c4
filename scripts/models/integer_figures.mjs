/**
 * Prints what docs/quantize.md says of integers: accuracy on whole test sets, how much few inputs to calibrate with
 * are worth, and that the bits are the same wherever they are made. Needs the data sets (../shared/data); takes an
 * hour for everything, a part of it is asked for by its name:
 *
 *   node scripts/models/integer_figures.mjs [accuracy] [stem] [few] [kws10] [margins] [bits] [emulators] [--items N]
 *
 * accuracy   whole test sets of har and kws, calibrated with training data; the state in 32 bits and in 16
 * stem       the same of examples/kws-conv2d, whose stem is over time and bands
 * few        ten times any 16 training inputs
 * kws10      the paper's classifier over its 65 inputs
 * margins    by which the room above a state of 16 bits was chosen: no test data is in it
 * bits       numpy, gcc, clang and both builds for WebAssembly over the whole test sets
 * emulators  N items a model (100 if not said) on emulated microcontrollers, in portions, with the state saved and
 *            loaded, in tiles
 *
 * Ends with 1 when a limit is missed.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { hasData } from "./test-sets.mjs";

const { values, positionals } = parseArgs({
  options: { items: { type: "string", default: "100" } },
  allowPositionals: true,
});

if (!hasData) {
  console.error("the data sets are expected in ../shared/data");
  process.exit(1);
}

const { disposeEngines, printAccuracy, printFew, printKws10, printMargins, printStem } =
  await import("./integer/accuracy.mjs");
const { printBits } = await import("./integer/bits.mjs");
const { printEmulators } = await import("./integer/emulators.mjs");
const { Report } = await import("./integer/report.mjs");

const PARTS = {
  accuracy: printAccuracy,
  stem: printStem,
  few: printFew,
  kws10: printKws10,
  margins: printMargins,
  bits: printBits,
  emulators: (report) => printEmulators(report, Number(values.items)),
};

const wanted = positionals.length > 0 ? positionals : Object.keys(PARTS);
const unknown = wanted.find((name) => !(name in PARTS));
if (unknown !== undefined) {
  console.error(`parts: ${Object.keys(PARTS).join(", ")}; not ${unknown}`);
  process.exit(1);
}
const report = new Report();
for (const name of wanted) await PARTS[name](report);
report.end();
disposeEngines();
