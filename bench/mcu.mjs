/**
 * Instructions, memory and flash of the keyword spotter on emulated microcontrollers, in floats and (with har) in
 * integers, every count with the bits checked against WebAssembly. Prints Markdown, or with --json what bench/cases/mcu.ts wants.
 * `npm run bench -- mcu` writes bench/results/mcu.md and .json.
 *
 *   node bench/mcu.mjs [--json]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../scripts/build.mjs";

ensureBuilt();
const { integerClaims, integerTables, measureIntegers } = await import("./mcu-integers.mjs");
const { layerClaims, layerTables, measureLayers } = await import("./mcu-layers.mjs");
const { straightforward } = await import("./mcu-straightforward.mjs");
const { createBlob, Engine } = await import("../dist/node.js");
const { readCheckpoint, readNpy, toNetwork } = await import("../dist/checkpoint/index.js");
const { createFoldedBlob } = await import("../dist/fold/index.js");
const { EMULATED_TARGETS, EMULATORS, missingTools, verify } = await import(
  "../dist/firmware/node.js"
);

const root = fileURLToPath(new URL("..", import.meta.url));
/** Builds of this run alone. */
const work = mkdtempSync(join(tmpdir(), "mambalite-mcu-"));
const TILES = [1, 4];
const KIB = 1024;
/** The emulated target that shows what portable C makes of an FPU with 32 registers. */
const RISCV = "rv32imafc, single-precision FPU";
/** What is left are the core's own cycles (bench/board-time.mjs). */
const IN_TCM = { weights: "dtcm", arena: "dtcm", code: "itcm", data: "dtcm", inputs: "dtcm" };

/** The paper's weights and first input where they are, else random ones of their sizes. */
async function keywordSpotter() {
  const paper = join(root, "../shared/data/paper_kws10");
  if (!existsSync(paper)) {
    const { kws10 } = await import("../build/bench/bench/models.js"); // `npm run bench` compiles it
    const { networks, frames, input } = kws10(root);
    return {
      title: "Random weights in the sizes of KWS-10",
      network: networks.plain,
      frames,
      input,
      inputs: [input],
    };
  }
  const network = toNetwork(readCheckpoint(readFileSync(join(paper, "model.safetensors"))));
  const { data, shape } = readNpy(readFileSync(join(paper, "inputs.npy")));
  const [count, frames, width] = shape;
  const length = frames * width;
  const inputs = Array.from({ length: count }, (_, i) => data.slice(i * length, (i + 1) * length));
  return { title: "KWS-10", network, frames, input: inputs[0], inputs };
}

/** One build of the firmware and its numbers; `name` is its folder. */
async function measure(target, blob, input, name, choice) {
  const { tile = 1, variant, settings = {}, isTimed = false } = choice;
  const { images, operatorNames, tools, time } = await verify(blob, {
    ...(isTimed && { time: { placement: IN_TCM } }),
    target,
    inputs: [input],
    execution: { schedule: "stream", tile },
    variants: [variant],
    settings,
    folder: join(work, name),
  });
  const [image] = images;
  const { open, init, selfTest, run } = image.stack;
  return {
    total: image.total,
    ...(time?.total !== undefined && { cycles: Math.round(time.total) }),
    ...(time?.operators !== undefined && {
      cyclesOf: Object.fromEntries(time.operators.map(({ name, total }) => [name, total])),
    }),
    operators: Object.fromEntries(operatorNames.map((op, i) => [op, image.operators[i]])),
    arenaBytes: image.arena.highWaterBytes,
    stackBytes: Math.max(open, init, selfTest, run),
    staticBytes: image.staticBytes,
    codeBytes: image.codeBytes,
    weightsBytes: blob.length,
    flags: image.flags,
    tools,
  };
}

// ---- the report -----------------------------------------------------------------------------------

const grouped = (value) => (value === undefined ? "" : value.toLocaleString("en-US"));

function operatorTable(title, columns, baseline) {
  const names = [...new Set(columns.flatMap(({ report }) => Object.keys(report.operators)))];
  const rows = names.map((name) => [
    name,
    ...columns.map(({ report }) => grouped(report.operators[name])),
  ]);
  rows.push(["**one run**", ...columns.map(({ report }) => `**${grouped(report.total)}**`)]);
  rows.push(["cycles, estimated", ...columns.map(({ report }) => grouped(report.cycles))]);
  const others = baseline.map(
    ({ contraction, total, cycles }) =>
      `${grouped(total)} (${grouped(cycles)} cycles) with \`-ffp-contract=${contraction}\``,
  );
  return {
    title: `${title}: instructions of one run on a Cortex-M7`,
    columns: ["operator", ...columns.map((column) => column.title)],
    rows,
    note:
      "Counted by QEMU (`-icount`), the same on every run: instructions. Cycles are those of the core, by a model of " +
      "its pipeline over a trace of the run, all in TCM (`mambalite verify --time`). Operators are " +
      "stepped through one by one, which costs a little more than the plain run in the last row. " +
      `The straightforward port in C with newlib's libm takes ${others.join(", ")}.`,
  };
}

function targetTable(title, rows) {
  return {
    title: `${title}: one run, tile 1, by target`,
    columns: ["", "instructions", "arena", "stack", "statics", "code", "model"],
    rows: rows.map(({ title: name, report }) => [
      name,
      ...["total", "arenaBytes", "stackBytes", "staticBytes", "codeBytes", "weightsBytes"].map(
        (key) => grouped(report[key]),
      ),
    ]),
    note:
      "Bytes but for the first column. Measured in emulators: arena in poison, stack painted, code from " +
      "the linked image, the harness included. All give WebAssembly's bits.",
  };
}

async function measureAll() {
  const spotter = await keywordSpotter();
  const engine = await Engine.load();
  const plain = await createBlob(engine, spotter.network);
  const folded = await createFoldedBlob(engine, spotter.network);
  const blobs = { plain, folded };
  const builds = [
    {
      name: "portable",
      title: "portable C",
      settings: { MAMBALITE_ASM: "OFF" },
      blob: blobs.plain,
    },
    { name: "assembly", title: "assembly", settings: { MAMBALITE_ASM: "ON" }, blob: blobs.plain },
    { name: "assembly", title: "folded", settings: { MAMBALITE_ASM: "ON" }, blob: blobs.folded },
  ];
  const m7 = [];
  for (const { name, title, settings, blob } of builds) {
    for (const tile of TILES) {
      const choice = { tile, variant: "double", settings, isTimed: true };
      const report = await measure("cortex-m7", blob, spotter.input, `cortex-m7-${name}`, choice);
      m7.push({ title: `${title}, tile ${tile}`, report });
    }
  }
  const targets = [];
  const skipped = [];
  for (const target of EMULATED_TARGETS) {
    const missing = missingTools(target);
    if (missing.length > 0) skipped.push(`${target}: no ${missing.join(", ")}`);
    for (const { name, description } of missing.length > 0 ? [] : EMULATORS[target].variants) {
      const place = `${target}-${name}`;
      const report = await measure(target, blobs.plain, spotter.input, place, { variant: name });
      targets.push({ title: description, report });
    }
  }
  const integers = await measureIntegers(measure, spotter);
  skipped.push(...integers.skipped);
  const scripts = join(work, "cortex-m7-assembly/double/port");
  const baseline = await straightforward(spotter, work, scripts, IN_TCM);
  const layers = await measureLayers(measure, work, scripts, IN_TCM);
  return { spotter, m7, targets, skipped, integers, baseline, layers };
}

function claimsOf({ m7, targets, integers, baseline, layers }) {
  const report = (title) => [...m7, ...targets].find((column) => column.title === title)?.report;
  const best = report("assembly, tile 1");
  const instructions = (title, atMost) => ({
    text: `instructions of one run, ${title}`,
    value: report(title).total,
    atMost,
    unit: "instructions",
  });
  // The assembly is made for cycles, which are not instructions: loads that wait cost more than further ones.
  const cycles = (title, atMost) => ({
    text: `cycles of one run, estimated, ${title}`,
    value: report(title).cycles ?? Number.POSITIVE_INFINITY,
    atMost,
    unit: "cycles",
  });
  const bytes = (text, value, atMost) => ({ text, value, atMost, unit: "bytes" });
  return [
    cycles("assembly, tile 1", 10_500_000),
    cycles("assembly, tile 4", 9_000_000),
    instructions("portable C, tile 1", 15_000_000),
    ...(report(RISCV) === undefined ? [] : [instructions(RISCV, 18_120_000)]),
    cycles("folded, tile 4", 7_500_000),
    {
      text: "fewer cycles than the straightforward port, estimated",
      value: baseline[0].cycles / (best.cycles ?? Number.POSITIVE_INFINITY),
      atLeast: 3,
      unit: "x",
    },
    bytes("stack of any call", best.stackBytes, KIB),
    bytes(
      "RAM: arena, stack, statics",
      best.arenaBytes + best.stackBytes + best.staticBytes,
      16 * KIB,
    ),
    bytes("code", best.codeBytes, 24 * KIB),
    ...integerClaims(integers),
    ...layerClaims(layers),
  ];
}

async function result() {
  const missing = missingTools("cortex-m7");
  const empty = { title: "Microcontroller", tables: [], charts: [], claims: [], data: null };
  if (missing.length > 0) return { ...empty, skipped: [`cortex-m7: no ${missing.join(", ")}`] };
  const measured = await measureAll();
  const { spotter, m7, targets, skipped, integers, baseline, layers } = measured;
  const { tools } = m7[0].report;
  const withoutTools = ({ title, report: { tools: _, ...report } }) => ({ title, ...report });
  return {
    title: "Microcontroller",
    tables: [
      operatorTable(spotter.title, m7, baseline),
      targetTable(spotter.title, targets),
      ...integerTables(integers),
      ...layerTables(layers),
      {
        title: "Flags of the core",
        columns: ["", "flags"],
        rows: [...m7.filter((_, i) => i % TILES.length === 0).slice(0, 2), ...targets.slice(1)].map(
          ({ title, report }) => [
            title.replace(/, tile 1$/, " (Cortex-M7)"),
            `\`${withoutWarnings(report.flags)}\``,
          ],
        ),
        note: `${tools.compiler}; ${tools.emulator}.`,
      },
    ],
    charts: [],
    claims: claimsOf(measured),
    skipped,
    data: {
      model: spotter.title,
      frames: spotter.frames,
      tools,
      cortexM7: m7.map(withoutTools),
      targets: targets.map(withoutTools),
      integers: {
        rows: integers.rows.map(({ reports, ...row }) => ({
          ...row,
          totals: Object.fromEntries(
            Object.entries(reports).map(([column, { total }]) => [column, total]),
          ),
        })),
        logMel: integers.logMel,
      },
      straightforward: baseline,
      layers: layers.layers.map(({ model, ours, port }) => ({
        ...withoutTools({ title: model.title, report: ours }),
        straightforward: port,
      })),
    },
  };
}

function withoutWarnings(flags) {
  return flags.replace(/ -W\S+/g, "");
}

function markdown({ tables, claims, skipped }) {
  const table = ({ title, columns, rows, note = "" }) =>
    `## ${title}\n\n${[columns, columns.map((_, i) => (i === 0 ? "---" : "---:")), ...rows]
      .map((cells) => `| ${cells.join(" | ")} |\n`)
      .join("")}\n${note}\n`;
  const claim = ({ text, value, atMost, atLeast, unit }) => {
    const isMet = value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
    const bound = atMost === undefined ? `>= ${atLeast}` : `<= ${grouped(atMost)}`;
    return `- ${text}: ${grouped(value)} ${unit} (${bound}: ${isMet ? "met" : "NOT MET"})\n`;
  };
  const rest = skipped.map((reason) => `- skipped: ${reason}\n`);
  return `${tables.map(table).join("\n")}\n${claims.map(claim).join("")}${rest.join("")}`;
}

const found = await result().finally(() => rmSync(work, { recursive: true, force: true }));
stdout.write(argv.includes("--json") ? `${JSON.stringify(found)}\n` : markdown(found));
