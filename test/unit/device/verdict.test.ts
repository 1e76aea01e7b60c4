import { describe, expect, it } from "vitest";
import { BOARDS, type Board, judge } from "../../../ts/device/index.js";

function boardOf(id: string): Board {
  return BOARDS.find((board) => board.id === id) as Board;
}

describe("the catalogue", () => {
  it("has boards whose figures are possible, each with its sources", () => {
    expect(new Set(BOARDS.map((board) => board.id)).size).toBe(BOARDS.length);
    for (const board of BOARDS) {
      expect(board.sources.length, board.id).toBeGreaterThan(0);
      expect(board.flash.reservedBytes).toBeLessThan(board.flash.bytes);
      for (const region of board.regions) {
        expect(region.usableBytes).toBeLessThanOrEqual(region.bytes);
        expect(region.reservedFor === "").toBe(region.usableBytes === region.bytes);
      }
    }
  });

  it("has the sizes of the data sheets", () => {
    const sizes = (id: string) => boardOf(id).regions.map((region) => region.bytes / 1024);
    expect(sizes("esp32s3")).toEqual([512]);
    expect(sizes("esp32s3-psram")).toEqual([512, 8192]);
    expect(sizes("stm32h743")).toEqual([128, 512, 288]);
    expect(boardOf("stm32h747").clockHz).toBe(480e6);
    expect(sizes("microbit")).toEqual([16]);
    expect(sizes("microbit-v2")).toEqual([128]);
    expect(sizes("nrf52840")).toEqual([256]);
    expect(sizes("rp2040")).toEqual([264]);
    expect(sizes("rp2350")).toEqual([520]);
    expect(sizes("stm32f405")).toEqual([128, 64]);
    expect(sizes("stm32l476")).toEqual([96, 32]);
    expect(sizes("stm32u575")).toEqual([768, 16]);
    expect(sizes("stm32l152")).toEqual([80]);
    expect(sizes("esp32c3")).toEqual([400]);
    expect(sizes("esp32c6")).toEqual([512]);
    const withoutFpu = BOARDS.filter(({ fpu }) => fpu === "none").map(({ id }) => id);
    expect(withoutFpu).toEqual(["stm32l152", "microbit", "rp2040", "esp32c3", "esp32c6"]);
    // dram0_0_seg of ESP-IDF's linker script.
    expect(0x3fcdb700 - 0x3fc88000).toBe(341_760);
    expect(boardOf("esp32s3").regions[0]?.usableBytes).toBe(341_760 - 65_536);
    // The same of the ESP32-C3 and of the C6, from its start to its end.
    expect(boardOf("esp32c3").regions[0]?.usableBytes).toBe(0x3fcce710 - 0x3fc80000 - 65_536);
    expect(boardOf("esp32c6").regions[0]?.usableBytes).toBe(0x4086e610 - 0x40800000 - 65_536);
  });
});

describe("judge", () => {
  const board = boardOf("stm32h743");
  const fixed = 200 + board.stackBytes;

  it("takes the best region that holds everything, to the byte", () => {
    const at = (arenaBytes: number) =>
      judge(board, { arenaBytes, callerBytes: 200, weightsBytes: 1000 }).ram;
    expect(at(131_072 - fixed)).toMatchObject({ fits: true, region: "dtcm", headroomBytes: 0 });
    expect(at(131_073 - fixed)).toMatchObject({
      fits: true,
      region: "axi-sram",
      headroomBytes: 524_288 - 131_073,
    });
    expect(at(524_289 - fixed)).toMatchObject({ fits: false, region: null, headroomBytes: -1 });
  });

  it("needs flash for the blob besides the firmware", () => {
    const room = board.flash.bytes - board.flash.reservedBytes;
    const at = (weightsBytes: number) =>
      judge(board, { arenaBytes: 1000, callerBytes: 0, weightsBytes });
    expect(at(room)).toMatchObject({ fits: true, flash: { fits: true, headroomBytes: 0 } });
    expect(at(room + 1)).toMatchObject({ fits: false, flash: { fits: false, headroomBytes: -1 } });
    expect(at(room + 1).ram.fits).toBe(true);
  });
});
