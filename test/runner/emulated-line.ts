/**
 * A file for a board in QEMU, whose serial line is a socket or a pseudo-terminal that a host opens, as it opens a board's.
 * Knows nothing of what is said on it.
 */
import { spawn } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";
import { type EmulatedBoard, emulatorArguments } from "./emulated-board.js";

const EMULATOR = "qemu-system-arm";
/** Said when a socket is there, and when a terminal is. */
const IS_WAITING = /waiting for connection/;
const TERMINAL = /redirected to (\S+)/;

export interface EmulatedLine extends AsyncDisposable {
  /** As `mambalite serial` takes it. */
  readonly port: string;
}

/** The board starts when somebody connects. @param file of `mambalite flash` */
export async function onSocket(board: EmulatedBoard, file: string): Promise<EmulatedLine> {
  const port = await freePort();
  const serial = `tcp:127.0.0.1:${port},server=on,wait=on`;
  const { stop } = await start(board, file, serial, IS_WAITING);
  return { port: `tcp://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
}

/** The board runs already when somebody connects. */
export async function onTerminal(board: EmulatedBoard, file: string): Promise<EmulatedLine> {
  const { said, stop } = await start(board, file, "pty", TERMINAL);
  return { port: TERMINAL.exec(said)![1]!, [Symbol.asyncDispose]: stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Until it has said what is waited for. */
async function start(board: EmulatedBoard, file: string, serial: string, sign: RegExp) {
  const child = spawn(EMULATOR, emulatorArguments(board, file, serial), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill();
    await ended;
  };
  const said = await new Promise<string>((resolve, reject) => {
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (more) => {
        text += more;
        if (sign.test(text)) resolve(text);
      });
    }
    child.once("exit", () => reject(new Error(`${EMULATOR} ended: ${text}`)));
  });
  return { said, stop };
}
