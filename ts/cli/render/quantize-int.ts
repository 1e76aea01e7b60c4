/** What quantisation to integers did to a model, for a person. Computes only shares of what it shows. */

import type { QuantizeReport } from "../../quantize/int.js";
import { colors } from "../libraries.js";
import { counted, exponential, grouped, oneLine, percent } from "../text.js";
import { table } from "./table.js";

export interface IntegerResult extends QuantizeReport {
  readonly output: string;
}

/** Of ops, by their share of the error. */
const MOST_SHARES = 8;

export function renderIntegers(result: IntegerResult): string {
  const { output, after, crc32, inputs, notes } = result;
  return [
    `${colors.bold(oneLine(output))}: int, ${grouped(after.blobBytes)} bytes, CRC-32 ${crc32}\n` +
      `  calibrated with ${counted(inputs, "input")}\n` +
      notes.map((note) => `  ${colors.yellow("unsure:")} ${oneLine(note)}\n`).join(""),
    sizes(result),
    `${colors.bold("AGAINST F32")}\n${evaluation(result)}`,
    ...(result.shares.length === 0 ? [] : [`${colors.bold("ERROR BY OP")}\n${shares(result)}`]),
  ].join("\n");
}

function sizes({ before, after, boards }: IntegerResult): string {
  const row = (what: string, from: number, to: number) => {
    return [what, grouped(from), grouped(to), percent(to / from)];
  };
  const rows = [
    row("weights", before.weightsBytes, after.weightsBytes),
    row("blob", before.blobBytes, after.blobBytes),
    ...(before.arenaBytes !== undefined && after.arenaBytes !== undefined
      ? [row("arena", before.arenaBytes, after.arenaBytes)]
      : []),
  ];
  const fits = boards.length === 0 ? "" : `  now fits ${boards.join(", ")}\n`;
  const sizes = table(["bytes", "f32", "int", "share"], ["left", "right", "right", "right"], rows);
  return sizes + fits;
}

function evaluation({ evaluation: error, hasClasses }: IntegerResult): string {
  const { inputs, sameClasses, meanRelative, maxRelative, saturations } = error;
  const classes = hasClasses
    ? `  class differs in ${grouped(inputs - sameClasses)} of ${counted(inputs, "input")}\n`
    : "";
  const state =
    saturations === 0
      ? "  no input and no state left its range\n"
      : `  ${colors.yellow(counted(saturations, "value"))} of inputs and state cut off at the end of their range\n`;
  const what = hasClasses ? "the logits, relative to the largest |logit|" : "the outputs, relative";
  return (
    `${classes}  error of ${what}: mean ${exponential(meanRelative)}, ` +
    `max ${exponential(maxRelative)}\n${state}`
  );
}

function shares({ shares: all }: IntegerResult): string {
  const shown = all.slice(0, MOST_SHARES);
  const rows = shown.map(({ op, meanRelative, share }) => {
    return [op, exponential(meanRelative), percent(share)];
  });
  const rest =
    all.length > shown.length
      ? `  and ${counted(all.length - shown.length, "op")} with less\n`
      : "";
  const hint = "  --float OP leaves one as it is\n";
  return table(["op", "alone", "share"], ["left", "right", "right"], rows) + rest + hint;
}
