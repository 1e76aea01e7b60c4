/** A runner's flash in QEMU, and its serial line as a person would use it. Knows what machines QEMU has, no models. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const IMAGES = fileURLToPath(new URL("../../csrc/runner/images/", import.meta.url));

/** What a board's images differ in. */
export interface ImageFile {
  readonly file: string;
  readonly bytes: number;
  readonly crc32: string;
  readonly ops: readonly string[];
}

/** A board with the image that is tried first. */
export interface RunnerImage extends ImageFile {
  readonly base: number;
  readonly payload: number;
  readonly payloadBytes: number;
  readonly arenaBytes: number;
  readonly arena: string;
  readonly format: string;
  readonly family?: number;
  readonly catalogue: string;
  readonly others?: readonly ImageFile[];
}

export function runnerImages(): Readonly<Record<string, RunnerImage>> {
  return JSON.parse(readFileSync(join(IMAGES, "images.json"), "utf8")).images;
}

/** All images of a board, each with what the board has. */
export function imagesOf(board: RunnerImage): readonly RunnerImage[] {
  return [board, ...(board.others ?? []).map((other) => ({ ...board, ...other }))];
}

/** The first of a board that has all of these kinds of ops. */
export function imageFor(board: string, kinds: readonly string[]): RunnerImage {
  const images = imagesOf(runnerImages()[board]!);
  return images.find(({ ops }) => kinds.every((kind) => ops.includes(kind)))!;
}

export function imageBytes({ file }: ImageFile): Uint8Array {
  return new Uint8Array(readFileSync(join(IMAGES, file)));
}

/** The boards that QEMU has a machine for. */
export const MACHINES = { microbit: "microbit", stm32f405: "netduinoplus2" } as const;
export type EmulatedBoard = keyof typeof MACHINES;

const EMULATOR = "qemu-system-arm";

/** Empty, or why no board can be emulated here, for a test's name. */
export function noEmulator(): string {
  const found = spawnSync(EMULATOR, ["--version"], { stdio: "ignore" }).status === 0;
  return found ? "" : ` (skipped: no ${EMULATOR}; sudo scripts/setup.sh installs it)`;
}

/** What stands in flash: the runner, and a payload behind it, as a dropped file puts them there. */
export function flashOf(image: RunnerImage, payload: Uint8Array): Uint8Array {
  const offset = image.payload - image.base;
  const flash = new Uint8Array(offset + payload.length).fill(0xff);
  flash.set(imageBytes(image));
  flash.set(payload, offset);
  return flash;
}

/** 256 ns pass with each instruction, which is what a runner's report counts then. */
const COUNTING = ["-icount", "shift=8,align=off,sleep=off"];

export function emulatorArguments(
  board: EmulatedBoard,
  flashFile: string,
  serial: string,
): string[] {
  const { base } = runnerImages()[board]!;
  return [
    ...["-M", MACHINES[board], "-display", "none", "-monitor", "none", ...COUNTING],
    ...["-device", `loader,file=${flashFile},addr=0x${base.toString(16)}`, "-serial", serial],
  ];
}

const ANSWER_MS = 120_000;

/** A board that is running. Dispose of it. */
export class Emulation implements AsyncDisposable {
  /** All that came over the line. */
  text = "";
  #read = 0;
  #wake: () => void = () => {};

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
    private readonly emulator: ChildProcess,
    private readonly line: Socket,
  ) {
    line.setNoDelay(true);
    line.on("data", (bytes: Buffer) => {
      this.text += bytes.toString("latin1");
      this.#wake();
    });
    line.on("close", () => this.#wake());
  }

  static async start(board: EmulatedBoard, flash: Uint8Array): Promise<Emulation> {
    const folder = mkdtempSync(join(tmpdir(), "mambalite-board-"));
    const file = join(folder, "flash.bin");
    writeFileSync(file, flash);
    const server = createServer();
    const line = new Promise<Socket>((resolve) => server.once("connection", resolve));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const emulator = spawn(EMULATOR, emulatorArguments(board, file, `tcp:127.0.0.1:${port}`), {
      stdio: ["ignore", "inherit", "inherit"],
    });
    return new Emulation(folder, server, emulator, await line);
  }

  write(bytes: string | Uint8Array): void {
    this.line.write(bytes);
  }

  /** The lines from where the last call stopped up to the first that `ends` it, which is the last of them. */
  async lines(ends: (line: string) => boolean, ms = ANSWER_MS): Promise<string[]> {
    const until = Date.now() + ms;
    const lines: string[] = [];
    for (;;) {
      const end = this.text.indexOf("\n", this.#read);
      if (end < 0) {
        await this.#more(until);
        continue;
      }
      const line = this.text.slice(this.#read, end).replace(/\r$/, "");
      this.#read = end + 1;
      lines.push(line);
      if (ends(line)) return lines;
    }
  }

  /** What the runner says at reset. */
  start(): Promise<string[]> {
    return this.lines((line) => line === "ready");
  }

  async command(text: string): Promise<string[]> {
    this.write(`${text}\n`);
    return this.lines((line) => line.startsWith("status "));
  }

  /** Sends values as the runner asks for them. */
  async stream(command: string, values: Uint8Array, bytesAValue: number): Promise<string[]> {
    this.write(`${command}\n`);
    let sent = 0;
    for (;;) {
      const lines = await this.lines((line) => /^(send|status) /.test(line));
      const asked = /^send (\d+)$/.exec(lines.at(-1)!);
      if (asked === null) return lines;
      const bytes = Number(asked[1]) * bytesAValue;
      this.write(values.subarray(sent, sent + bytes));
      sent += bytes;
    }
  }

  async #more(until: number): Promise<void> {
    const left = until - Date.now();
    const came = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(left, 0));
      this.#wake = () => {
        clearTimeout(timer);
        resolve(!this.line.destroyed);
      };
    });
    if (!came) throw new Error(`the board says no more. It said:\n${this.text.slice(-2000)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.emulator.once("exit", resolve));
    this.emulator.kill("SIGKILL");
    if (this.emulator.exitCode === null && this.emulator.signalCode === null) await ended;
    this.line.destroy();
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
