import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import "../../ts/node.js"; // files can be read here
import { profileCommand } from "../../ts/cli/commands/profile.js";
import { failure, golden, json, output, root, spotter, spotterInput } from "./support.js";

const schema = JSON.parse(readFileSync(`${root}/ts/profile/report.schema.json`, "utf8"));
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
  schema,
);

/** Times are measured in a moment: what these tests look at is exact. */
// biome-ignore lint/suspicious/noExplicitAny: the schema says what a report is
function profile(args: readonly string[]): any {
  return patientProfile([...args, "--quick"]);
}

// biome-ignore lint/suspicious/noExplicitAny: the schema says what a report is
function patientProfile(args: readonly string[]): any {
  const report = json(["profile", ...args]);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
}

interface Buffer {
  name: string;
  kind: string;
  offset: number;
  bytes: number;
  firstOp: number;
  lastOp: number;
}

function overlap(a: Buffer, b: Buffer): boolean {
  return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

describe("profile", () => {
  it("adds up: no unexplained bytes", () => {
    for (const options of [
      [],
      ["--tile", "8"],
      ["--schedule", "layer"],
      ["--schedule", "unfused"],
    ]) {
      const { plan, ram, operators, arenaCheck } = profile([spotter, ...options]);
      expect(plan.arenaBytes).toBe(plan.stateBytes + plan.scratchBytes + plan.ioBytes);
      expect(plan.arenaBytes).toBe(plan.minimumBytes + plan.overheadBytes);
      expect(arenaCheck).toEqual({ highWaterBytes: plan.arenaBytes, guardsIntact: true });
      expect(ram.totalBytes).toBe(ram.arenaBytes + ram.callerInputBytes + ram.callerOutputBytes);
      const ends = plan.buffers.map((buffer: Buffer) => buffer.offset + buffer.bytes);
      expect(Math.max(...ends)).toBe(plan.arenaBytes);
      for (const buffer of plan.buffers as Buffer[]) {
        expect(buffer.lastOp).toBeLessThan(operators.length);
        if (buffer.kind !== "state") continue;
        expect([buffer.firstOp, buffer.lastOp]).toEqual([0, operators.length - 1]);
        const sharing = plan.buffers.filter(
          (other: Buffer) => other !== buffer && overlap(buffer, other),
        );
        expect(sharing).toEqual([]);
      }
    }
  });

  it("shows the paper's comparison: stream far below layer, layer far below unfused", () => {
    const arena = (options: string[]) => profile([spotter, ...options]).plan.arenaBytes;
    const stream = arena([]);
    const layer = arena(["--schedule", "layer"]);
    expect(stream).toBeLessThanOrEqual(11_500);
    expect(arena(["--frames", "5000"])).toBe(stream);
    expect(layer).toBeLessThanOrEqual(240_000);
    expect(arena(["--schedule", "unfused"])).toBeGreaterThanOrEqual(5.8 * layer);
  });

  it("profiles the frames that were asked for", () => {
    expect(profile([spotter])).toMatchObject({ frames: 100, input: "generated" });
    expect(profile([spotter, "--frames", "7"])).toMatchObject({ frames: 7, input: "generated" });
    const given = profile([spotter, "--input", spotterInput]);
    expect(given).toMatchObject({ frames: 100, input: "given" });
    expect(profile([spotter, "--input", spotterInput, "--frames", "30"]).frames).toBe(30);
    expect(failure(["profile", spotter, "--input", spotterInput, "--frames", "101"])).toMatch(
      /at most the 100/,
    );
    const macs = (report: { operators: { macs: number }[] }) => report.operators[0]?.macs;
    expect(macs(profile([spotter, "--frames", "200"]))).toBe(2 * (macs(given) as number));
  });

  it("records where its result came from", () => {
    const [result] = json(["run", spotter, "--input", spotterInput]).results;
    const base = profile([spotter, "--input", spotterInput]).provenance;
    const off = profile([spotter, "--input", spotterInput, "--simd", "off"]).provenance;
    expect(base).toMatchObject({ build: "simd", selfTest: "passed" });
    expect(off).toEqual({ ...base, build: "baseline" });
    const words = Uint32Array.from(result.logitsBits, (bits: string) => Number.parseInt(bits, 16));
    expect(base.outputCrc32).toBe(crc32(new Uint8Array(words.buffer)));
  });

  it("judges every board, or the ones asked for", () => {
    const ids = [
      ...["esp32s3", "esp32s3-psram", "stm32h743", "stm32h747", "nrf52840", "microbit-v2"],
      ...["stm32f405", "stm32l476", "rp2350", "stm32u575", "stm32l152", "microbit", "rp2040"],
      ...["esp32c3", "esp32c6"],
    ];
    const idsOf = (options: string[]) =>
      profile([spotter, ...options]).boards.map((board: { id: string }) => board.id);
    expect(idsOf([])).toEqual(ids);
    expect(idsOf(["--board", "stm32h743"])).toEqual(["stm32h743"]);
    expect(idsOf(["--board", "stm32h743,esp32s3", "--board", "esp32s3"])).toEqual([
      "stm32h743",
      "esp32s3",
    ]);
    expect(failure(["profile", spotter, "--board", "toaster"])).toMatch(
      /--board: expected one of esp32s3/,
    );
  });

  it("says what does not fit, and by how much", () => {
    const fits = profile([spotter, "--board", "stm32h743"]).boards[0];
    expect(fits).toMatchObject({ fits: true, ram: { fits: true, region: "dtcm" } });
    expect(fits.ram.headroomBytes).toBe(131_072 - fits.ram.neededBytes);
    const layer = profile([spotter, "--schedule", "layer", "--board", "stm32h743"]).boards[0];
    expect(layer).toMatchObject({ fits: true, ram: { region: "axi-sram" } });
    const unfused = ["--schedule", "unfused"];
    const large = profile([spotter, ...unfused, "--board", "stm32h743"]).boards[0];
    expect(large).toMatchObject({ fits: false, ram: { fits: false, region: null } });
    expect(large.ram.headroomBytes).toBe(524_288 - large.ram.neededBytes);
    expect(profile([spotter, ...unfused, "--board", "esp32s3-psram"]).boards[0].ram.region).toBe(
      "psram",
    );
    const text = output(["profile", spotter, ...unfused]);
    expect(text).toMatch(/stm32h743 +does not fit .* AXI SRAM +-[0-9,]+/);
  });

  it("estimates the time on boards, of floats and of integers, and says under which conditions", () => {
    for (const model of ["kws", "kws-int"]) {
      const { boards, basis } = profile([model]);
      expect(basis.time).toBe("estimated from traces");
      for (const { id, fits, time, noTime } of boards) {
        expect(fits, `${model} on ${id}`).toBe(id !== "microbit" || model === "kws-int");
        expect(noTime, `${model} on ${id}`).toBeUndefined();
        expect(time !== undefined, `${model} on ${id}`).toBe(fits);
        if (time === undefined) continue;
        expect(time.lowMs).toBeLessThan(time.ms);
        expect(time.highMs).toBeGreaterThan(time.ms);
        const waited = time.waits.reduce((sum: number, wait: { ms: number }) => sum + wait.ms, 0);
        expect(time.coreMs + waited).toBeCloseTo(time.ms, 6);
        // 100 frames 10 ms apart, the last of them 25 ms long.
        expect(time.realTime).toBeCloseTo(time.ms / 1015, 6);
        const ofOps = time.operators.reduce((sum: number, op: { ms: number }) => sum + op.ms, 0);
        expect(ofOps).toBeLessThanOrEqual(time.ms);
        expect(ofOps).toBeGreaterThan(0.9 * time.ms);
        expect(time.conditions.fittedOn.sources).toMatch(/^[0-9a-f]{8}$/);
      }
    }
    const text = output(["profile", "kws", "--quick", "--weights", "flash"]);
    expect(text).toMatch(/esp32s3 .* flash [0-9.]+ % +weights into internal SRAM: [0-9,]+ -> /);
    // What helped most is what a project does, unless it is told otherwise.
    const [, faster] = /esp32s3 .* weights into internal SRAM: [0-9,]+ -> ([0-9,]+)/.exec(text)!;
    const placed = output(["profile", "kws", "--quick", "--board", "esp32s3", "--tile", "1"]);
    expect(placed).toMatch(/ fits .* [0-9,]+ copied into internal SRAM\n/);
    expect(placed).toMatch(new RegExp(`\n {2}esp32s3 +${faster} `));
    expect(text).toContain("by costs of core ");
  });

  it("takes the fastest tile that one board has room for, and says so; else the smallest", () => {
    const why = (...options: string[]) =>
      output(["profile", spotter, "--quick", ...options]).split("\n")[1];
    expect(why()).toMatch(/^ {3}tile 1 is the smallest; one --board takes the fastest that fits/);
    expect(why("--board", "esp32s3,rp2040")).toBe(why());
    expect(why("--board", "esp32s3")).toMatch(
      /^ {3}tile \d+: the fastest that fits ESP32-S3 .*; tile 1 is the smallest: [\d,]+ instead of [\d,]+ bytes/,
    );
    const { plan, boards } = profile([spotter, "--board", "esp32s3"]);
    expect(plan.tile).toBeGreaterThan(1);
    for (const tile of [1, 2, 4, 8, 16, 32, 64]) {
      const [other] = profile([spotter, "--board", "esp32s3", "--tile", String(tile)]).boards;
      expect(boards[0].time.ms, `tile ${tile}`).toBeLessThanOrEqual(1.03 * other.time.ms);
    }
    for (const said of [
      ["--tile", "1"],
      ["--budget", "20000"],
      ["--schedule", "layer"],
    ]) {
      expect(why("--board", "esp32s3", ...said)).not.toContain("tile");
    }
  });

  it("says nothing of times where an op or a schedule is not in the table", () => {
    const noTime = (...args: string[]) =>
      profile([...args, "--board", "stm32h743"]).boards[0].noTime;
    const odd = `${root}/test/golden/exported_two_outputs/model.safetensors`;
    expect(noTime(odd)).toMatch(/^no costs of /);
    expect(noTime(spotter, "--schedule", "layer")).toBe("no costs of layer");
  });

  it("refuses at once what no memory could hold", () => {
    const refused = (...options: string[]) => failure(["profile", spotter, ...options]);
    expect(refused("--frames", "4294967295")).toMatch(
      /the generated input needs 687194767200 bytes/,
    );
    expect(refused("--tile", "4294967295")).toMatch(/too large/);
    expect(refused("--schedule", "unfused", "--frames", "4294967295")).toMatch(/too large/);
  });

  it("profiles tokens and several layers", () => {
    const report = profile([`${golden("lm_untied_d7_l3_t300")}/model.safetensors`]);
    expect(report.model).toMatchObject({ inputKind: "tokens", inputWidth: 1 });
    expect(report.operators.length).toBeGreaterThan(20);
  });

  it("prints the verdict first, every buffer, every operator", () => {
    const text = output(["profile", spotter]);
    const { plan, operators } = profile([spotter]);
    const titles = [...text.matchAll(/^[A-Z]{3,}/gm)].map(([title]) => title);
    expect(titles).toEqual([
      "VERDICT",
      "TIME",
      "RAM",
      "FLASH",
      "ARENA",
      "OPERATORS",
      "LATENCY",
      "PROVENANCE",
    ]);
    for (const { name } of [...plan.buffers, ...operators]) expect(text).toContain(` ${name} `);
    expect(text).toContain(`= arena          ${plan.arenaBytes.toLocaleString("en-US")} `);
    expect(text).not.toContain("\u001b");
  });

  it("answers for boards before it measures this host", async () => {
    const written: string[] = [];
    const rest = await profileCommand("kws", { quick: true }, (text) => written.push(text));
    expect(written.join("")).toMatch(/VERDICT[\s\S]*TIME ON A BOARD[\s\S]* rp2040 +[0-9,]+ /);
    expect(rest).toMatch(/^RAM[\s\S]*OPERATORS[\s\S]*PROVENANCE/);
  });

  it("measures something", () => {
    const { latency, operators } = patientProfile([spotter]);
    expect(latency.minMs).toBeGreaterThan(0);
    expect(latency.medianMs).toBeGreaterThanOrEqual(latency.minMs);
    expect(latency.p95Ms).toBeGreaterThanOrEqual(latency.medianMs);
    const total = operators.reduce((sum: number, o: { hostMs: number }) => sum + o.hostMs, 0);
    expect(total).toBeGreaterThan(0.5 * latency.minMs);
    const shares = operators.reduce(
      (sum: number, o: { hostShare: number }) => sum + o.hostShare,
      0,
    );
    expect(shares).toBeCloseTo(1, 6);
  });
});

/** An independent CRC-32 (IEEE 802.3), bit by bit. */
function crc32(bytes: Uint8Array): string {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (~crc >>> 0).toString(16).padStart(8, "0");
}

describe("listening for ever", () => {
  const MOST_BYTES = 24 * 1024;

  it("is in the verdict of kws: at most 24 KB on an ESP32-S3 and a Cortex-M7, and its work an hour", () => {
    const boards = ["--board", "esp32s3,stm32h743"];
    const { detector } = profile(["kws", ...boards]);
    expect(detector.mode).toBe("running");
    expect(detector.arenaBytes).toBeLessThanOrEqual(MOST_BYTES);
    expect(
      detector.boards.map(({ id, fits }: { id: string; fits: boolean }) => [id, fits]),
    ).toEqual([
      ["esp32s3", true],
      ["stm32h743", true],
    ]);
    expect(detector.anHour.answers).toBe(35_993);
    expect(detector.anHour.macs).toBeGreaterThan(1e10);
    expect(detector.hostShare).toBeGreaterThan(0);
    expect(output(["profile", "kws", ...boards])).toMatch(
      /\n {3}always on \(running\): arena with detector [\d,]+ bytes, blobs [\d,]+; fits every board\n/,
    );
  });

  it("is told of exact windows where they are asked for, of frames too, and of nothing else", () => {
    const exact = profile(["kws", "--mode", "exact", "--board", "esp32s3"]).detector;
    expect(exact).toMatchObject({ mode: "exact", windowFrames: 98, hopFrames: 14 });
    const form = ["--mode", "running", "--window", "128", "--hop", "32"];
    expect(profile(["har", ...form]).detector).toMatchObject({ anHour: null, hostShare: null });
    expect(profile(["har"]).detector).toBeUndefined();
    expect(failure(["profile", "har", "--hop", "32"])).toMatch(/--hop: expected --mode with it/);
  });
});
