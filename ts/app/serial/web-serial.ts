/**
 * A board's serial line through the browser (Web Serial): the person chooses the port, bytes come and go. Knows nothing
 * of what they mean.
 */

/** Of the platform what is in use here; TypeScript does not know it. */
interface WebSerialPort {
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: { readonly baudRate: number; readonly bufferSize: number }): Promise<void>;
  close(): Promise<void>;
}

interface WebSerial {
  requestPort(): Promise<WebSerialPort>;
}

const BAUD = 115_200;
/** A report comes in one go, while the page may be drawing. */
const BUFFER_BYTES = 1 << 16;

export interface Line {
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** What the line brings. */
export interface LineReader {
  take(bytes: Uint8Array): void;
  /** Once, unless the line was closed from this side. */
  close(reason: Error): void;
}

function webSerial(): WebSerial | undefined {
  return (navigator as { readonly serial?: WebSerial }).serial;
}

export function hasWebSerial(): boolean {
  return webSerial() !== undefined;
}

/** @returns null where the person chose none. @throws what the browser says of a port that cannot be had */
export async function openLine(reader: LineReader): Promise<Line | null> {
  const port = await chosenPort();
  if (port === null) return null;
  await port.open({ baudRate: BAUD, bufferSize: BUFFER_BYTES });
  return new WebLine(port, reader);
}

async function chosenPort(): Promise<WebSerialPort | null> {
  try {
    return (await webSerial()?.requestPort()) ?? null;
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotFoundError") return null;
    throw error;
  }
}

class WebLine implements Line {
  readonly #port: WebSerialPort;
  readonly #reader: LineReader;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  readonly #reading: Promise<void>;
  #source: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #isClosed = false;

  constructor(port: WebSerialPort, reader: LineReader) {
    this.#port = port;
    this.#reader = reader;
    this.#writer = port.writable?.getWriter();
    this.#reading = this.#readOn();
  }

  write(bytes: Uint8Array): void {
    this.#writer?.write(bytes).catch((error: unknown) => this.#fail(error));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#source?.cancel().catch(() => {});
    await this.#reading;
    this.#writer?.releaseLock();
    await this.#port.close().catch(() => {}); // a device that has gone is closed
  }

  /** After a break or an overrun there is a new stream to read from; after the device has gone there is none. */
  async #readOn(): Promise<void> {
    let problem: unknown;
    while (this.#port.readable !== null && !this.#isClosed) {
      this.#source = this.#port.readable.getReader();
      try {
        await this.#readAll(this.#source);
        problem = undefined;
        break;
      } catch (error) {
        problem = error;
      } finally {
        this.#source.releaseLock();
        this.#source = undefined;
      }
    }
    this.#fail(problem);
  }

  async #readAll(source: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (;;) {
      const { done, value } = await source.read();
      if (done) return;
      this.#reader.take(value);
    }
  }

  #fail(problem: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const reason = problem instanceof Error ? problem.message : "the line has ended";
    this.#reader.close(new Error(`the board is gone: ${reason}`));
  }
}
