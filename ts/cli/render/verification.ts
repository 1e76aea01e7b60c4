/** A verification as text for a person: whether the bits are equal first. */

import type { ImageReport, Verification } from "../../firmware/node.js";
import { colors } from "../libraries.js";
import { counted, grouped, oneLine, percent } from "../text.js";
import { renderBoardTime } from "./board-time.js";
import { table } from "./table.js";

/** The most that any call of the core took. */
export function stackOf({ stack }: ImageReport): number {
  return Math.max(stack.open, stack.init, stack.selfTest, stack.run);
}

export function renderVerification(
  path: string,
  verification: Verification,
  frames: number,
): string {
  return [
    summary(path, verification, frames),
    section("IMAGES", "measured in the emulator") + images(verification),
    section("OPERATORS", `instructions of one run, ${title(verification.images[0]!)}`) +
      operators(verification),
    ...(verification.time === undefined ? [] : [renderBoardTime(verification.time)]),
    section("TOOLCHAIN", "") + toolchain(verification),
  ].join("\n");
}

function section(name: string, basis: string): string {
  return `${colors.bold(name)}${basis === "" ? "" : colors.dim(`  (${basis})`)}\n`;
}

function title({ variant, plan }: ImageReport): string {
  return `${variant.name}, ${plan.schedule}${plan.schedule === "stream" ? ` tile ${plan.tile}` : ""}`;
}

function summary(
  path: string,
  { items, equalItems, target, builds }: Verification,
  frames: number,
) {
  return (
    `${colors.bold(oneLine(path))}: ${equalItems} of ${counted(items, "input")} of ` +
    `${counted(frames, "frame")} equal in every bit on ${colors.bold(target)} and WebAssembly ` +
    `(${builds.join(", ")})\n`
  );
}

function images({ images: list, weightsBytes, skippedLayer }: Verification): string {
  const rows = list.map((image) => [
    title(image),
    grouped(image.total),
    grouped(image.arena.highWaterBytes),
    grouped(image.plan.arenaBytes),
    grouped(stackOf(image)),
    grouped(image.staticBytes),
    grouped(image.codeBytes),
    grouped(weightsBytes),
  ]);
  const more = skippedLayer === undefined ? "" : colors.dim(`   layer left out: ${skippedLayer}\n`);
  return (
    table(
      ["image", "instructions", "arena", "planned", "stack", "statics", "flash: code", "model"],
      ["left", "right", "right", "right", "right", "right", "right", "right"],
      rows,
    ) + more
  );
}

function operators({ images: [main], operatorNames }: Verification): string {
  if (main === undefined) return "";
  const sum = main.operators.reduce((total, count) => total + count, 0);
  const rows = operatorNames.map((name, i) => {
    const count = main.operators[i] ?? 0;
    return [name, grouped(count), percent(sum > 0 ? count / sum : 0)];
  });
  rows.push(["all, stepped one by one", grouped(sum), ""]);
  rows.push(["one plain run", grouped(main.total), ""]);
  return table(["operator", "instructions", "share"], ["left", "right", "right"], rows);
}

function toolchain({ tools, images: list }: Verification): string {
  const variants = new Map(list.map(({ variant, flags }) => [variant, flags]));
  return [
    `   ${tools.compiler}\n   ${tools.emulator}\n   ${tools.cmake}\n`,
    ...[...variants].map(
      ([{ name, description }, flags]) => `   ${name}: ${description}\n      ${flags}\n`,
    ),
  ].join("");
}
