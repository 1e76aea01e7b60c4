/** A detector's C: numbers that a compiler takes. */
import { expect, test } from "vitest";
import { wholeBytes } from "../../../ts/firmware/content.js";
import { detectorFiles } from "../../../ts/firmware/detector-files.js";
import type { FirmwareModel } from "../../../ts/firmware/model.js";

test("thresholds that never fire are numbers in C, infinity too", () => {
  const thresholds = [0.6, 1, 3e38, Number.POSITIVE_INFINITY];
  const detector = {
    ...{
      thresholds,
      tile: 1,
      windowFrames: 0,
      hopFrames: 0,
      smooth: 3,
      holdOff: 5,
      arenaBytes: 16,
    },
  };
  const model = { detector, info: { outputs: [{ width: 4 }] } } as unknown as FirmwareModel;
  const header = new Map(detectorFiles("src", model)).get("src/model_detector.h")!;
  expect(new TextDecoder().decode(wholeBytes(header))).toContain(
    "{0.600000024f, 1.0f, 2.0f, 2.0f}",
  );
});
