/**
 * Takes named entries out of a zip archive that nobody vouches for: fflate unpacks, this file
 * bounds what it may unpack and verifies checksums. Knows nothing of what the entries are.
 */
import { type UnzipFileInfo, unzipSync } from "fflate";
import { BadFile } from "../core/errors.js";
import { crc32 } from "../crc32.js";

/** An archive's table of contents. */
export interface ZipArchive {
  /** Names of all entries, in archive order. */
  readonly names: readonly string[];
  /**
   * Unpacks the entries of these names that exist.
   *
   * @throws BadFile for an entry that is truncated or does not match its checksum.
   */
  unpack(wanted: ReadonlySet<string>): ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads the table of contents.
 *
 * @param format what to call the file in errors.
 * @throws BadFile when it is malformed, has repeated names, or declares more data than such a
 * file can hold.
 */
export function openZip(bytes: Uint8Array, format: string): ZipArchive {
  const entries = listEntries(bytes, format);
  const checksums = readChecksums(bytes, entries.size, format);
  return {
    names: [...entries.keys()],
    unpack: (wanted) => unpack(bytes, format, entries, checksums, wanted),
  };
}

const MAX_ENTRIES = 65_536;
/**
 * torch.save stores without compression; a file that was zipped again compresses floats hardly at
 * all. More than this is a bomb.
 */
const MAX_INFLATION = 20;
const INFLATION_ALLOWANCE_BYTES = 1 << 20;
const STORED = 0;

type Entries = ReadonlyMap<string, UnzipFileInfo>;

function listEntries(bytes: Uint8Array, format: string): Entries {
  const entries = new Map<string, UnzipFileInfo>();
  let packedBytes = 0;
  let unpackedBytes = 0;
  const visit = (entry: UnzipFileInfo): boolean => {
    if (entries.size >= MAX_ENTRIES) throw new BadFile(format, `more than ${MAX_ENTRIES} entries`);
    if (entries.has(entry.name)) throw new BadFile(format, `entry ${entry.name} occurs twice`);
    entries.set(entry.name, entry);
    packedBytes += entry.size;
    unpackedBytes += entry.originalSize;
    checkSizes(entry, packedBytes, unpackedBytes, bytes.length, format);
    return false;
  };
  callFflate(() => unzipSync(bytes, { filter: visit }), format);
  return entries;
}

/** Sizes are what the archive declares: they bound what fflate will allocate. */
function checkSizes(
  entry: UnzipFileInfo,
  packedBytes: number,
  unpackedBytes: number,
  fileBytes: number,
  format: string,
): void {
  if (!(packedBytes <= fileBytes)) {
    throw new BadFile(format, `entries of ${packedBytes} bytes in a file of ${fileBytes}`);
  }
  if (entry.compression === STORED && entry.size !== entry.originalSize) {
    throw new BadFile(format, `entry ${entry.name} is stored, yet its two sizes differ`);
  }
  if (!(unpackedBytes <= fileBytes * MAX_INFLATION + INFLATION_ALLOWANCE_BYTES)) {
    throw new BadFile(
      format,
      `entries would unpack to ${unpackedBytes} bytes from a file of ${fileBytes}: a zip bomb?`,
    );
  }
}

function unpack(
  bytes: Uint8Array,
  format: string,
  entries: Entries,
  checksums: readonly number[],
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, Uint8Array> {
  const isWanted = (entry: UnzipFileInfo): boolean => wanted.has(entry.name);
  const files = callFflate(() => unzipSync(bytes, { filter: isWanted }), format);
  const unpacked = new Map<string, Uint8Array>();
  let index = 0;
  for (const [name, { originalSize }] of entries) {
    const checksum = checksums[index++] as number;
    if (!wanted.has(name)) continue;
    const data = files[name] as Uint8Array;
    if (data.length !== originalSize) {
      throw new BadFile(format, `entry ${name} has ${data.length} of its ${originalSize} bytes`);
    }
    // torch.save can be told not to compute checksums, and then writes 0.
    if (checksum !== 0 && crc32(data) !== checksum) {
      throw new BadFile(format, `entry ${name} is corrupt: its checksum does not match`);
    }
    unpacked.set(name, data);
  }
  return unpacked;
}

function callFflate<T>(call: () => T, format: string): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof BadFile) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadFile(format, `not a readable zip archive: ${reason}`);
  }
}

// Fields of the zip format (APPNOTE 6.3, 4.3.12 to 4.3.16); fflate does not expose checksums.
const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const END_DIRECTORY_OFFSET = 16;
const END64_LOCATOR_SIGNATURE = 0x07064b50;
const END64_LOCATOR_BYTES = 20;
const END64_LOCATOR_POINTER = 8;
const END64_DIRECTORY_OFFSET = 48;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const ENTRY_CRC = 16;
const ENTRY_VARIABLE_LENGTHS = [28, 30, 32] as const;

/** The CRC-32 of each of the `count` entries, from the central directory, in archive order. */
function readChecksums(bytes: Uint8Array, count: number, format: string): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksums: number[] = [];
  try {
    let at = centralDirectoryOffset(view);
    for (let i = 0; i < count; i++) {
      if (view.getUint32(at, true) !== ENTRY_SIGNATURE) {
        throw new BadFile(format, `zip entry ${i} has no signature`);
      }
      checksums.push(view.getUint32(at + ENTRY_CRC, true));
      at += ENTRY_BYTES;
      const header = at - ENTRY_BYTES;
      for (const field of ENTRY_VARIABLE_LENGTHS) at += view.getUint16(header + field, true);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new BadFile(format, "truncated zip directory");
    throw error;
  }
  return checksums;
}

/** Throws RangeError when there is no end record. */
function centralDirectoryOffset(view: DataView): number {
  let end = view.byteLength - END_BYTES;
  while (view.getUint32(end, true) !== END_SIGNATURE) end--;
  const locator = end - END64_LOCATOR_BYTES;
  const isZip64 = locator >= 0 && view.getUint32(locator, true) === END64_LOCATOR_SIGNATURE;
  if (!isZip64) return view.getUint32(end + END_DIRECTORY_OFFSET, true);
  const end64 = Number(view.getBigUint64(locator + END64_LOCATOR_POINTER, true));
  return Number(view.getBigUint64(end64 + END64_DIRECTORY_OFFSET, true));
}
