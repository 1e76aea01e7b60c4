/**
 * A serial line for Node: a terminal device at 115200 baud, or the socket of an emulator's. Brings bytes and takes them.
 * Knows nothing of what they mean.
 */
import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { isatty, ReadStream } from "node:tty";
import { asFileProblem, FileProblem } from "./file-problem.js";

export const BAUD = 115_200;

export interface SerialPort {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** What the port brings. */
export interface PortReader {
  take(bytes: Uint8Array): void;
  /** Once, unless the port was closed from this side. */
  close(reason: FileProblem): void;
}

const SOCKET = /^tcp:\/\/(?:\[([0-9a-fA-F:]+)\]|([^:/[\]]+)):([0-9]{1,5})$/;
const MAX_PORT = 65_535;

/**
 * @param name of a terminal device, or tcp://HOST:PORT
 * @throws FileProblem
 */
export async function openSerialPort(name: string, reader: PortReader): Promise<SerialPort> {
  if (!name.startsWith("tcp://")) return openDevice(name, reader);
  const [, address, host = address, port] = SOCKET.exec(name) ?? [];
  if (host === undefined || Number(port) > MAX_PORT) {
    throw new FileProblem(name, "expected tcp://HOST:PORT, of an emulator's serial socket");
  }
  return openSocket(name, host, Number(port), reader);
}

function openSocket(
  name: string,
  host: string,
  port: number,
  reader: PortReader,
): Promise<SerialPort> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host, port, noDelay: true });
    socket.once("error", ({ message }) => reject(new FileProblem(name, message)));
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      const end = onceOnly(name, reader);
      socket.on("data", (bytes) => reader.take(bytes));
      socket.on("error", ({ message }) => end(message));
      socket.on("close", () => end("the other side has closed the line"));
      resolve({
        write: (bytes) => {
          if (socket.writable) socket.write(bytes);
        },
        close: () => {
          end.forget();
          socket.destroy();
        },
      });
    });
  });
}

function onceOnly(name: string, reader: PortReader) {
  let isOver = false;
  const end = (reason: string) => {
    if (!isOver) reader.close(new FileProblem(name, reason));
    isOver = true;
  };
  return Object.assign(end, {
    forget: () => {
      isOver = true;
    },
  });
}

/** Without a modem's lines: a device that nobody has called answers as well. */
const OPEN_FLAGS = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;

function openDevice(name: string, reader: PortReader): SerialPort {
  const [input, output] = openBoth(name);
  const stream = new ReadStream(input);
  const end = onceOnly(name, reader);
  const writer = new DeviceWriter(output, end);
  stream.on("data", (bytes) => reader.take(bytes));
  stream.on("error", ({ message }) => end(message));
  stream.on("close", () => end("the device has gone"));
  return {
    write: (bytes) => writer.write(bytes),
    close: () => {
      end.forget();
      writer.close();
      stream.destroy();
    },
  };
}

/** One to read from and one to write to: a stream of Node's takes the first for itself. */
function openBoth(name: string): [number, number] {
  let input: number | undefined;
  try {
    input = openSync(name, OPEN_FLAGS);
    if (!isatty(input)) throw new FileProblem(name, "is no serial port");
    setUp(name, input);
    return [input, openSync(name, OPEN_FLAGS)];
  } catch (error) {
    if (input !== undefined) closeSync(input);
    throw asFileProblem(name, error);
  }
}

/** 8 bits, no parity, one stop bit, nothing that is translated or obeyed. */
const SETTINGS = [String(BAUD), "raw", "-echo", "cs8", "-parenb", "-cstopb", "clocal"];

/** After it is open: some drivers forget what was set before. `stty` sets its standard input, here and on macOS. */
function setUp(name: string, device: number): void {
  const { status, error, stderr } = spawnSync("stty", SETTINGS, {
    stdio: [device, "ignore", "pipe"],
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  });
  if (error !== undefined) {
    throw new FileProblem(name, `needs stty to be set up: ${error.message}`);
  }
  if (status !== 0) throw new FileProblem(name, `stty: ${stderr.trim().split("\n")[0]}`);
}

const RETRY_MS = 5;

/** Writes in order; a device whose buffer is full is tried again. */
class DeviceWriter {
  readonly #device: number;
  readonly #fail: (reason: string) => void;
  readonly #queue: Uint8Array[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(device: number, fail: (reason: string) => void) {
    this.#device = device;
    this.#fail = fail;
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#queue.push(bytes);
    if (this.#timer === undefined) this.#writeOut();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    closeSync(this.#device);
  }

  #writeOut(): void {
    this.#timer = undefined;
    try {
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        const written = writeSync(this.#device, next);
        if (written === next.length) this.#queue.shift();
        else this.#queue[0] = next.subarray(written);
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN") this.#timer = setTimeout(() => this.#writeOut(), RETRY_MS);
      else this.#fail(message);
    }
  }
}
