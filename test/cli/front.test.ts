import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import {
  failure,
  golden,
  har,
  harInput,
  json,
  mambalite,
  output,
  root,
  temporaryFolder,
} from "./support.js";

const temporary = temporaryFolder();
const COMMANDS = ["inspect", "convert", "run", "profile", "compare"];

describe("help", () => {
  it("is printed for the program and for every command", () => {
    const help = output(["--help"]);
    for (const command of COMMANDS) {
      expect(help).toMatch(new RegExp(`^  ${command} `, "m"));
      expect(output([command, "--help"])).toMatch(new RegExp(`^Usage: mambalite ${command} `));
      expect(output(["help", command])).toBe(output([command, "--help"]));
    }
    expect(output([])).toBe(help);
  });

  it("knows the version", () => {
    const { version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
    expect(output(["--version"])).toBe(`${version}\n`);
  });
});

/** The commands whose modules a command line loads, as V8 saw them. */
function loadedCommands(name: string, args: readonly string[]): string[] {
  const folder = temporary(name);
  const tool = `${root}/scripts/mambalite.mjs`;
  const env = { ...process.env, NODE_V8_COVERAGE: folder };
  const { status } = spawnSync(process.execPath, [tool, ...args], { cwd: root, env });
  expect(status).toBe(0);
  const scripts = readdirSync(folder).flatMap((file): { url: string }[] => {
    return JSON.parse(readFileSync(`${folder}/${file}`, "utf8")).result;
  });
  const urls = scripts.map(({ url }) => url);
  expect(urls.filter((url) => url.endsWith("/dist/cli/program.js"))).toHaveLength(1);
  return urls.flatMap((url) => /\/dist\/cli\/commands\/(.*)\.js$/.exec(url)?.[1] ?? []);
}

describe("a start", () => {
  it("loads the command that is asked for, and no other", () => {
    expect(loadedCommands("help-coverage", ["--help"])).toEqual([]);
    expect(loadedCommands("inspect-coverage", ["inspect", har])).toEqual(["inspect"]);
  });
});

describe("inspect", () => {
  it("describes a model", () => {
    const report = json(["inspect", har]);
    expect(report).toMatchObject({
      format: "mlm",
      model: { inputKind: "frames", inputWidth: 9, logits: 6, parameters: 17_382 },
    });
    const parameters = report.ops.map((op: { parameters: number }) => op.parameters);
    expect(parameters.reduce((a: number, b: number) => a + b)).toBe(17_382);
    const bytes = report.tensors.map((tensor: { bytes: number }) => tensor.bytes);
    expect(bytes.reduce((a: number, b: number) => a + b)).toBe(report.model.weightsBytes);
    const text = output(["inspect", har]);
    for (const { name } of [...report.ops, ...report.tensors]) expect(text).toContain(` ${name} `);
  });

  it("describes every convention, and an arch file's network", () => {
    const conventions = {
      paper_d30_t1: "paper",
      stack_rms_d30_l1_t1: "stack",
      lm_tied_d30_l2_t37: "mamba_ssm",
      hf_untied_d30_l1_t37: "huggingface",
    };
    for (const [name, convention] of Object.entries(conventions)) {
      const report = json(["inspect", `${golden(name)}/model.safetensors`]);
      expect(report).toMatchObject({ format: "safetensors", convention });
    }
    const arch = golden("arch_max_relu_d7_t37");
    const report = json(["inspect", `${arch}/model.safetensors`, "--arch", `${arch}/arch.json`]);
    expect(report.convention).toBe("arch");
  });
});

describe("mistakes", () => {
  it("of usage are one line", () => {
    const mistakes: [string[], RegExp][] = [
      [["frobnicate"], /unknown command 'frobnicate'/],
      [["inspect", har, "--jsn"], /unknown option '--jsn' \(Did you mean --json\?\)/],
      [["--nonsense"], /unknown option '--nonsense'/],
      [["inspect"], /missing required argument 'model'/],
      [["run", har], /required option '--input <file>'/],
      [["run", har, har, "--input", harInput], /too many arguments/],
      [["run", har, "--input"], /argument missing/],
      [["run", har, "--input", harInput, "--tile", "0"], /--tile: expected a whole number/],
      [["run", har, "--input", harInput, "--tile", "1.5"], /--tile: expected a whole number/],
      [["run", har, "--input", harInput, "--tile", "4294967296"], /--tile/],
      [["run", har, "--input", harInput, "--schedule", "fast"], /one of stream, layer, unfused/],
      [["run", har, "--input", harInput, "--simd", "maybe"], /one of auto, on, off/],
      [["profile", har, "--frames", "-3"], /--frames/],
      [["help", "frobnicate"], /not a command/],
    ];
    for (const [args, expected] of mistakes) expect(failure(args)).toMatch(expected);
  });

  it("of a tile with another schedule than stream are refused before anything is read", () => {
    for (const schedule of ["layer", "unfused"]) {
      const options = ["--schedule", schedule, "--tile", "4"];
      const expected = new RegExp(`--tile: .* got --schedule ${schedule}`);
      expect(failure(["run", "missing.mlm", "--input", harInput, ...options])).toMatch(expected);
      expect(failure(["profile", har, ...options])).toMatch(expected);
      expect(failure(["compare", har, "--golden", root, ...options])).toMatch(expected);
    }
  });

  it("of files name the file", () => {
    mkdirSync(temporary("folder"));
    writeFileSync(temporary("empty.pth"), "");
    writeFileSync(temporary("page.pth"), "<!DOCTYPE html><html></html>");
    writeFileSync(temporary("bad.mlm"), changed(readFileSync(har), 100));
    writeFileSync(temporary("cut.mlm"), readFileSync(har).subarray(0, 1000));
    writeFileSync(temporary("arch.json"), "{ not json");
    const checkpoint = `${golden("paper_d30_t1")}/model.safetensors`;
    const mistakes: [string[], RegExp][] = [
      [["inspect", "nowhere.mlm"], /nowhere\.mlm: no such file/],
      [["inspect", temporary("folder")], /folder: is a directory/],
      [["inspect", `${har}/model.mlm`], /a part of the path is not a directory/],
      [["inspect", temporary("empty.pth")], /empty\.pth: .*it is empty/],
      [["inspect", temporary("page.pth")], /page\.pth: .*an HTML page/],
      [["inspect", temporary("bad.mlm")], /bad\.mlm: bad model: .*MLM_ERR/],
      [["inspect", temporary("cut.mlm")], /cut\.mlm: bad model: .*MLM_ERR_TRUNCATED/],
      [["inspect", harInput], /a NumPy array/],
      [["run", har, "--input", har], /model\.mlm: not a valid npy file/],
      [["run", har, "--input", temporary("folder")], /is a directory/],
      [
        ["inspect", checkpoint, "--arch", temporary("arch.json")],
        /arch\.json: not a valid arch file/,
      ],
      [["inspect", checkpoint, "--arch", "nowhere.json"], /nowhere\.json: no such file/],
      [["inspect", har, "--arch", temporary("arch.json")], /--arch: expected a checkpoint/],
    ];
    for (const [args, expected] of mistakes) expect(failure(args)).toMatch(expected);
  });

  it.skipIf(process.getuid?.() === 0)("of permission name the file", () => {
    writeFileSync(temporary("secret.mlm"), "");
    chmodSync(temporary("secret.mlm"), 0);
    expect(failure(["inspect", temporary("secret.mlm")])).toMatch(/permission denied/);
  });

  it("of names with control characters cannot write to the terminal", () => {
    expect(failure(["inspect", "evil\u001b[2J\nname.mlm"])).not.toContain("\u001b");
    symlinkSync(har, temporary("evil\u001b[2J.mlm"));
    expect(output(["profile", temporary("evil\u001b[2J.mlm")])).not.toContain("\u001b");
  });

  it("show a stack trace with --debug only", () => {
    for (const args of [
      ["--debug", "inspect", "nowhere.mlm"],
      ["inspect", "nowhere.mlm", "--debug"],
    ]) {
      const { code, stdout, stderr } = mambalite(args);
      expect(code).toBeGreaterThan(0);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^mambalite: nowhere.mlm: no such file[^\n]*\n.*\n? +at /);
    }
  });
});

describe("standard output", () => {
  it("may be closed early", async () => {
    const child = spawn(process.execPath, [`${root}/scripts/mambalite.mjs`, "inspect", har]);
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it.skipIf(process.platform !== "linux")("that is full is a failure", () => {
    const { status, stderr } = spawnSync(
      "sh",
      [
        "-c",
        `"$0" "$1" inspect "$2" > /dev/full`,
        process.execPath,
        `${root}/scripts/mambalite.mjs`,
        har,
      ],
      { encoding: "utf8" },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^mambalite: cannot write the output: [^\n]+\n$/);
  });
});

/** One byte of a blob's insides changed. */
function changed(bytes: Buffer, offset: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[offset] = (copy[offset] as number) ^ 1;
  return copy;
}
