/**
 * A stand-in for a board with a runner: a program that prints and answers as docs/runner.md says, computing with the
 * simulation. For what no emulator does at will: boards that are slow, garble, lie, or start again.
 */
import { type AddressInfo, createServer } from "node:net";
import { hexWord } from "../../ts/hex-word.js";
import type { Model } from "../../ts/node.js";
import { classOf } from "../../ts/profile/index.js";

export interface StandInOptions {
  readonly model?: Model;
  /** Of the example. */
  readonly example?: Float32Array;
  /** Changes lines before they go out; null: they do not. */
  readonly change?: (line: string) => string | null;
  /** Values it wants at once. */
  readonly piece?: number;
  readonly board?: string;
}

/** The bytes of a float, a sample. */
const FLOAT_BYTES = 4;
const SAMPLE_BYTES = 2;
const FULL_SCALE = 32_768;

export class StandIn {
  readonly #write: (bytes: Buffer) => void;
  readonly #options: StandInOptions;
  #line = "";
  #values: number[] = [];
  #piece: Buffer = Buffer.alloc(0);
  #left = 0;
  #wanted = 0;

  constructor(write: (bytes: Buffer) => void, options: StandInOptions = {}) {
    this.#write = write;
    this.#options = options;
  }

  start(): void {
    this.#info();
    if (this.#options.model) this.#report();
    else this.print("status no model");
    this.print("ready");
  }

  take(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#wanted > 0) this.#takeValue(byte);
      else if (byte === 0x0a) this.#obey();
      else this.#line += String.fromCharCode(byte);
    }
  }

  print(line: string): void {
    const said = this.#options.change ? this.#options.change(line) : line;
    if (said !== null) this.#write(Buffer.from(`${said}\r\n`));
  }

  #obey(): void {
    const line = this.#line.trim();
    this.#line = "";
    const status = this.#statusOf(line);
    if (status !== undefined) this.print(`status ${status}`);
  }

  /** Undefined: it comes when the input is there. */
  #statusOf(line: string): string | undefined {
    const [word, count] = line.split(" ");
    const { model, example } = this.#options;
    if (word === "info") this.#info();
    else if (model === undefined) return "no model";
    else if (word === "report") this.#report();
    else if (word === "run") this.#answer(example!, " (example)");
    else if (word === "stream" && Number(count) > 0) {
      this.#values = [];
      this.#left = Number(count);
      this.#want();
      return undefined;
    } else return "unknown command, try help";
    return "ok";
  }

  #info(): void {
    const { model, example, board = "microbit" } = this.#options;
    this.print("mambalite-runner 1");
    this.print(`runner ${board}`);
    this.print("core 0.1.0");
    this.print("configuration as it should be");
    this.print("clock 16000000");
    this.print(`model ${model === undefined ? "none" : hexWord(model.info.crc32)}`);
    if (model === undefined) return;
    this.print("self-test MLM_OK");
    this.#answer(example!, " (example)");
    this.print("arena 4000 of 12000 high 3900");
    this.print("stack 700");
  }

  #report(): void {
    const { model, board = "microbit" } = this.#options;
    const words = {
      ...{
        "mambalite-timing": 1,
        core: "0.1.0",
        board,
        model: hexWord(model!.info.crc32),
        tile: 1,
      },
      ...{ counter: "instructions", state: "as planned", weights: "flash", arena: "sram" },
      frames: 100,
    };
    for (const [word, value] of Object.entries(words)) this.print(`${word} ${value}`);
    for (const i of model!.operators("stream").keys()) this.print(`operator ${i} ${1000 + i}`);
    this.print("total 123456");
    this.print("end");
  }

  #want(): void {
    this.#wanted = Math.min(this.#left, this.#options.piece ?? 32);
    this.#piece = Buffer.alloc(0);
    this.print(`send ${this.#wanted}`);
  }

  #takeValue(byte: number): void {
    const isSamples = this.#options.model?.info.inputKind === "samples";
    const bytesEach = isSamples ? SAMPLE_BYTES : FLOAT_BYTES;
    this.#piece = Buffer.concat([this.#piece, Buffer.of(byte)]);
    if (this.#piece.length < this.#wanted * bytesEach) return;
    for (let at = 0; at < this.#piece.length; at += bytesEach) {
      this.#values.push(
        isSamples ? this.#piece.readInt16LE(at) / FULL_SCALE : this.#piece.readFloatLE(at),
      );
    }
    this.#left -= this.#wanted;
    this.#wanted = 0;
    if (this.#left > 0) {
      this.#want();
    } else {
      this.#answer(Float32Array.from(this.#values));
      this.print("status ok");
    }
  }

  #answer(input: Float32Array, of = ""): void {
    const { model } = this.#options;
    const session = model!.createSession({ maxFrames: input.length });
    const [{ data } = { data: new Float32Array() }] = session.run(input);
    session.dispose();
    const best = classOf(data);
    this.print(`class ${best} ${model!.labels[best] ?? ""}${of}`.trimEnd());
    const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
    this.print(`logits ${Array.from(words, hexWord).join(" ")}`);
  }
}

/** One on a socket, as an emulator has its serial line; every caller finds a board of its own. */
export async function serveStandIn(options: StandInOptions, starts: boolean) {
  const server = createServer((socket) => {
    const board = new StandIn((bytes) => socket.write(bytes), options);
    socket.on("data", (bytes) => board.take(bytes));
    socket.on("error", () => {});
    if (starts) board.start();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port: `tcp://127.0.0.1:${port}`, close: () => server.close() };
}
