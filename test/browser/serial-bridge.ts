/**
 * A serial port for the page that is no device: Web Serial's own is replaced by one whose bytes go to and come from this
 * process, where the board is, an emulated one or a stand-in. Knows nothing of what the bytes mean.
 */
import type { Page } from "playwright-core";

export interface BridgedBoard {
  /** The page opens the port: from now on what the board prints goes to `says`. */
  open(says: (bytes: Uint8Array) => void): void | Promise<void>;
  take(bytes: Uint8Array): void;
  close(): void;
}

/** The port as Chromium has it: locked streams keep it open, a device that has gone has none. */
const FAKE_SERIAL = `(() => {
  let source;
  const port = {
    readable: null,
    writable: null,
    async open({ baudRate }) {
      this.readable = new ReadableStream({ start: (controller) => { source = controller; } });
      this.writable = new WritableStream({ write: (bytes) => window.boardTakes([...bytes]) });
      await window.boardOpens(baudRate);
    },
    async close() {
      if (this.readable?.locked || this.writable?.locked) throw new TypeError("locked");
      this.readable = this.writable = null;
      await window.boardCloses();
    },
  };
  window.boardSays = (bytes) => source.enqueue(new Uint8Array(bytes));
  window.boardGoes = () => {
    port.readable = port.writable = null;
    source.error(new DOMException("The device has been lost.", "NetworkError"));
  };
  const serial = { requestPort: async () => port };
  Object.defineProperty(navigator, "serial", { value: serial, configurable: true });
})()`;

const BAUD = 115_200;

export async function bridge(page: Page, board: BridgedBoard): Promise<void> {
  const says = (bytes: Uint8Array) => {
    const said = page.evaluate(`window.boardSays([${[...bytes]}])`);
    said.catch(() => {}); // the page has closed
  };
  await page.exposeFunction("boardOpens", (baud: number) => {
    if (baud !== BAUD) throw new Error(`opened at ${baud} baud`);
    return board.open(says);
  });
  await page.exposeFunction("boardTakes", (bytes: number[]) => board.take(Uint8Array.from(bytes)));
  await page.exposeFunction("boardCloses", () => board.close());
  await page.addInitScript(FAKE_SERIAL);
}

/** The device is pulled out. */
export async function unplug(page: Page): Promise<void> {
  await page.evaluate("window.boardGoes()");
}
