/** Bytes of a page's files and addresses. Knows nothing of what is in them. */
import { BadFile } from "../../core/errors.js";

/** What one array of a browser holds, and more than any microcontroller's model. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

/** @throws BadFile when it cannot be fetched. */
export async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const name = url.slice(url.lastIndexOf("/") + 1);
  const response = await fetch(url).catch((cause) => {
    throw new BadFile(name, `it could not be fetched: ${String(cause)}`);
  });
  if (!response.ok) throw new BadFile(name, `it could not be fetched: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** @throws BadFile when it is too large or has gone. */
export async function readFile(
  file: File,
  onShare: (share: number) => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > MAX_FILE_BYTES) {
    throw new BadFile(file.name, `${file.size} bytes, more than the ${MAX_FILE_BYTES} read here`);
  }
  try {
    const bytes = new Uint8Array(file.size);
    let at = 0;
    const reader = file.stream().getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes.set(part.value, at);
      at += part.value.length;
      onShare(at / file.size);
    }
    return bytes;
  } catch (cause) {
    throw new BadFile(file.name, `it could not be read: ${String(cause)}`);
  }
}
