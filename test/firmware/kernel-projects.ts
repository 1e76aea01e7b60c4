/** Projects that carry every kernel, for programs which test them on the emulated machines. */
import { buildHeaders } from "../../csrc/op-list.mjs";
import type { EmulatedTarget, Files } from "../../ts/firmware/index.js";
import { readSources } from "../../ts/firmware/node.js";
import { edited, project } from "./projects.js";

const STACK_BYTES = 16384;

function everyKernel(): [string, string][] {
  const sources = [...readSources()];
  const kernels = sources
    .filter(([path]) => /^kernels\/.*\.c$/.test(path))
    .map(([path, text]) => ({ name: path.replace("kernels/", ""), text }));
  return [
    ...sources
      .filter(([path]) => /^(include|core|math|kernels)\//.test(path))
      .map(([path, text]): [string, string] => [`src/${path.replace("include/", "")}`, text]),
    ...buildHeaders(kernels).map(([name, text]): [string, string] => [`src/${name}`, text]),
  ];
}

/** All of RAM where the emulator's own memory is: the test has more static memory than a board. */
function inEmulatorsMemory(files: Files, script: string): Files {
  const text = String(files.get(script));
  const memory = /EMULATOR \(rw\) : ORIGIN = 0x(\w+), LENGTH = 16M/.exec(text)?.[1] ?? "";
  const upper = (Number.parseInt(memory, 16) + (8 << 20)).toString(16);
  return new Map(files).set(
    script,
    text
      .replace(/RAM \(rw\) .*/, `RAM (rw) : ORIGIN = 0x${memory}, LENGTH = 8M`)
      .replace(/EMULATOR \(rw\) .*/, `EMULATOR (rw) : ORIGIN = 0x${upper}, LENGTH = 8M`),
  );
}

/** The linker script that says where memories are. */
function scriptOf(files: Files): string {
  const arena = /set\(MODEL_ARENA (\w+)\)/.exec(String(files.get("model.cmake")))?.[1];
  const script = `port/emulator-${arena}.ld`;
  return files.has(script) ? script : "port/sections.ld";
}

/** `program` is what the project's own example is replaced with. */
export async function kernelProject(
  target: EmulatedTarget,
  program: readonly [string, string][],
): Promise<Files> {
  const files = new Map([...(await project(target)), ...everyKernel(), ...program]);
  const placed = inEmulatorsMemory(files, scriptOf(files));
  return edited(placed, "model.cmake", stackLine(placed), `set(MODEL_STACK_BYTES ${STACK_BYTES}`);
}

function stackLine(files: Files): string {
  return /set\(MODEL_STACK_BYTES \d+/.exec(String(files.get("model.cmake")))?.[0] ?? "no line";
}
