/** What RISC-V's registers mean, whole instructions and compressed ones alike. Knows no encoding. */
import { instruction, read } from "./build.js";
import { type Instruction, Kind, Use } from "./instruction.js";

/** Of links: ra, and t0, the other one. */
export const LINKS = [1, 5];

/** x0 is no register: nothing waits for it. */
export const written = (register: number) => (register === 0 ? [] : [register]);

/** A jump to an address in a register; what it links to says what it is for. */
export function indirect(name: string, bytes: number, link: number, target: number): Instruction {
  const isReturn = link === 0 && LINKS.includes(target);
  const flow = LINKS.includes(link) ? "indirectCall" : isReturn ? "return" : "indirect";
  const reads = read(Use.address, target);
  return instruction(bytes, name, Kind.branch, { reads, writes: written(link), flow });
}
