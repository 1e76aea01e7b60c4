/** Where weights lie: what is asked for, and the fastest place that has room. */
import { describe, expect, test } from "vitest";
import { BOARDS, type Board, judgePlaced } from "../../../ts/device/index.js";
import { LAYOUTS } from "../../../ts/firmware/targets.js";

const KIB = 1024;
const on = (id: string): Board => BOARDS.find((board) => board.id === id)!;

function needs(weightsKib: number, arenaKib = 8) {
  return { arenaBytes: arenaKib * KIB, callerBytes: 64, weightsBytes: weightsKib * KIB };
}

describe("by default", () => {
  test("the copy lies where it is read fastest, and counts there", () => {
    const h7 = on("stm32h743");
    const small = judgePlaced(h7, needs(100));
    expect(small.weights).toEqual({
      ...{ place: "dtcm", name: "DTCM", copiedBytes: 100 * KIB, fits: true },
    });
    expect(small.ram.region).toBe("dtcm");
    expect(small.ram.neededBytes).toBe(108 * KIB + 64 + h7.stackBytes);
    expect(small.ram.headroomBytes).toBe(128 * KIB - small.ram.neededBytes);
    const large = judgePlaced(h7, needs(200));
    expect(large.weights.place).toBe("axi-sram");
    expect(large.ram).toMatchObject({
      ...{ region: "dtcm", neededBytes: 8 * KIB + 64 + h7.stackBytes },
    });
    expect(judgePlaced(h7, needs(600)).weights).toMatchObject({ place: "flash", copiedBytes: 0 });
  });

  test("the arena keeps its place", () => {
    const full = judgePlaced(on("stm32h743"), needs(100, 120));
    expect(full).toMatchObject({ ram: { region: "dtcm" }, weights: { place: "axi-sram" } });
  });

  test("outside of the chip comes before flash, behind what is inside", () => {
    const board = on("esp32s3-psram");
    expect(judgePlaced(board, needs(200)).weights.place).toBe("sram");
    expect(judgePlaced(board, needs(400)).weights.place).toBe("psram");
    expect(judgePlaced(on("esp32s3"), needs(400)).weights.place).toBe("flash");
  });

  test("flash that is as fast as RAM is left alone", () => {
    expect(judgePlaced(on("microbit"), needs(2, 2)).weights.place).toBe("flash");
  });

  test("no project links weights into what is for arenas only", () => {
    expect(judgePlaced(on("stm32l476"), needs(20, 90)).weights.place).toBe("flash");
    for (const board of BOARDS) {
      const { regions } = judgePlaced(board, needs(1)).ram;
      for (const region of regions) expect(region).not.toHaveProperty("arenaOnly");
    }
  });
});

describe("boards whose project is for an emulator and copies nothing", () => {
  test.each(["esp32c3", "esp32c6"])("%s keeps weights in flash", (id) => {
    expect(judgePlaced(on(id), needs(30))).toMatchObject({
      ...{ fits: true, ram: { region: "sram" }, weights: { place: "flash", copiedBytes: 0 } },
    });
    const asked = judgePlaced(on(id), needs(30), "ram");
    expect(asked).toMatchObject({ fits: false, weights: { place: "sram", fits: false } });
    expect(asked.weights.name).toBe("internal SRAM, into which no exported project copies them");
  });

  test("are those of projects that do not place weights, and no others", () => {
    const places = new Map(
      Object.values(LAYOUTS).flatMap(({ boards, placesWeights }) =>
        boards.map((id) => [id, placesWeights] as const),
      ),
    );
    const copies = (id: string) => on(id).regions.some(({ arenaOnly }) => !arenaOnly);
    for (const [id, placesWeights] of places) expect([id, copies(id)]).toEqual([id, placesWeights]);
  });
});

describe("as asked for", () => {
  test("whatever is faster", () => {
    const board = on("stm32h743");
    expect(judgePlaced(board, needs(10), "flash").weights.place).toBe("flash");
    expect(judgePlaced(board, needs(10), "ram").weights.place).toBe("axi-sram");
    expect(judgePlaced(board, needs(10), "dtcm").weights.place).toBe("dtcm");
    expect(judgePlaced(on("esp32s3-psram"), needs(10), "psram").weights.place).toBe("psram");
  });

  test("and it does not fit where it has no room, or there is no such memory", () => {
    const large = judgePlaced(on("stm32h743"), needs(140), "dtcm");
    expect(large).toMatchObject({ fits: false, weights: { place: "dtcm", fits: false } });
    // Both have room in it alone.
    const beside = judgePlaced(on("rp2040"), needs(200, 100), "ram");
    expect(beside).toMatchObject({ fits: false, ram: { fits: false }, weights: { fits: true } });
    expect(beside.ram.headroomBytes).toBe(264 * KIB - beside.ram.neededBytes);
    expect(judgePlaced(on("esp32s3"), needs(1), "dtcm")).toMatchObject({
      ...{ fits: false, ram: { fits: true }, weights: { fits: false } },
    });
  });
});
