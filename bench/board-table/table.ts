/** Writes the table of costs, and tells what its firmware was made of. Knows nothing of how costs are found. */
import type { CoreCosts, CostTable } from "../../ts/board/costs.js";
import { crc32 } from "../../ts/crc32.js";

/** Folders of csrc that the core is made of. */
const CORE = /^(core|include|kernels|math)\/|^build\.json$/;

/** Of the core's files, in the order of their paths. */
export function sourcesCrc32(sources: ReadonlyMap<string, string>): string {
  const paths = [...sources.keys()].filter((path) => CORE.test(path)).sort();
  const text = paths.map((path) => `${path}\n${sources.get(path)}`).join("\n");
  return crc32(new TextEncoder().encode(text)).toString(16).padStart(8, "0");
}

/** A line a kind, so that one sees what a change of a kernel has changed. */
export function tableText(cores: CostTable["cores"]): string {
  const ids = Object.keys(cores).sort();
  return [
    "/** Made by `npm run bench -- board-table` from traces of firmware. */",
    'import type { CostTable } from "./costs.js";',
    "",
    "export const COSTS: CostTable = {",
    "  cores: {",
    ...ids.flatMap((id) => [`    ${JSON.stringify(id)}: {`, ...coreLines(cores[id]!), "    },"]),
    "  },",
    "};",
    "",
  ].join("\n");
}

function coreLines({ heldOut, kinds, ...rest }: CoreCosts): string[] {
  const plain = Object.entries(rest).map(
    ([key, value]) => `      ${key}: ${JSON.stringify(value)},`,
  );
  const networks = heldOut.map((one) => `        ${JSON.stringify(one)},`);
  const rows = Object.entries(kinds).map(
    ([kind, costs]) => `        ${JSON.stringify(kind)}: ${JSON.stringify(costs)},`,
  );
  return [
    ...plain,
    ...["      heldOut: [", ...networks, "      ],"],
    ...["      kinds: {", ...rows, "      },"],
  ];
}
