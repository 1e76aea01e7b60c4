/** Which drive is a board's, and a file onto it. Folders stand for drives. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { copyOnto, findDrive, identifies, requireDrive } from "../../../ts/cli/drives.js";
import { temporaryFolder } from "../../cli/support.js";

const V1 = { file: "DETAILS.TXT", contains: ["Unique ID: 9900", "Unique ID: 9901"] };
const V2 = { file: "DETAILS.TXT", contains: ["Unique ID: 9904"] };
const DETAILS = "# DAPLink Firmware - see https://mbed.com/daplink\r\nUnique ID: 9901aa\r\n";

const temporary = temporaryFolder();
const v1 = temporary("MICROBIT");
const stick = temporary("STICK");

beforeEach(() => {
  for (const folder of [v1, stick]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  }
  writeFileSync(join(v1, "DETAILS.TXT"), DETAILS);
});

describe("a drive", () => {
  it("is a board's when its own file says so, and not another's", () => {
    expect(identifies(v1, V1)).toBe(true);
    expect(identifies(v1, V2)).toBe(false);
    expect(identifies(stick, V1)).toBe(false);
    expect(identifies(temporary("nowhere"), V1)).toBe(false);
  });

  it("is known whatever the case of the file's name, and a folder of that name is no such file", () => {
    writeFileSync(join(stick, "Details.txt"), DETAILS);
    expect(identifies(stick, V1)).toBe(true);
    rmSync(join(v1, "DETAILS.TXT"));
    mkdirSync(join(v1, "DETAILS.TXT"));
    expect(identifies(v1, V1)).toBe(false);
  });

  it("that was given is taken when it is the board's, and else refused with what is wanted", () => {
    expect(requireDrive("microbit", V1, v1)).toBe(v1);
    expect(() => requireDrive("microbit-v2", V2, v1)).toThrow(
      '--drive: expected one of microbit-v2, whose DETAILS.TXT says "Unique ID: 9904", got ',
    );
    expect(() => requireDrive("microbit", V1, temporary("nowhere"))).toThrow("a mounted drive");
    expect(() => requireDrive("stm32f405", undefined, v1)).toThrow("none: stm32f405 has no drive");
  });

  it("is found among all, where it is the only one", () => {
    expect(findDrive("microbit", V1, [stick, v1, v1])).toBe(v1);
    expect(() => findDrive("microbit", V1, [stick])).toThrow(
      /a mounted drive of microbit, .*or --output FILE, got no such drive/,
    );
    writeFileSync(join(stick, "DETAILS.TXT"), DETAILS);
    expect(() => findDrive("microbit", V1, [stick, v1])).toThrow(`got ${stick}, ${v1}`);
    expect(() => findDrive("stm32f405", undefined, [v1])).toThrow(
      "--output: expected a file: stm32f405 has no drive",
    );
  });

  it("gets the file under its name and nothing else", async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(await copyOnto(v1, "har.hex", bytes)).toBe(true);
    expect(readdirSync(v1).sort()).toEqual(["DETAILS.TXT", "har.hex"]);
    expect([...readFileSync(join(v1, "har.hex"))]).toEqual([1, 2, 3]);
  });

  it("that is gone is a problem of the file", async () => {
    rmSync(v1, { recursive: true });
    await expect(copyOnto(v1, "har.hex", Uint8Array.of(1))).rejects.toThrow(
      /har\.hex: no such file or directory/,
    );
  });
});
