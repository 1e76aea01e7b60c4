/** Scores: hits, misses, wrong labels, repeats and false alarms, each once. */
import { describe, expect, it } from "vitest";
import { type Detection, readTruth, scoreOf } from "../../../ts/streaming/index.js";

const event = (label: string, seconds: number): Detection => ({
  label,
  classIndex: 0,
  confidence: 1,
  inputs: 0,
  seconds,
});

describe("scoreOf", () => {
  it("counts every event and every truth once", () => {
    const truths = readTruth("seconds,label\n3,yes\n6,stop\n\n9,on\n20,up\n");
    const events = [
      event("yes", 2.9),
      event("yes", 3.4),
      event("on", 6.2),
      event("on", 9.75),
      event("up", 15),
    ];
    expect(scoreOf(events, truths, 1800)).toEqual({
      total: 4,
      hits: 2,
      misses: 2,
      wrong: 1,
      repeats: 1,
      falseAlarms: 1,
      falseAlarmsPerHour: 2,
      medianLatencySeconds: 0.75,
    });
    expect(scoreOf([], truths, 1800).medianLatencySeconds).toBeNaN();
  });

  it("reads times with or without a heading, and names the entry that is none", () => {
    expect(readTruth("1.5,yes\r\n2,no")).toEqual([
      { seconds: 1.5, label: "yes" },
      { seconds: 2, label: "no" },
    ]);
    for (const text of [
      "1,yes\nlater,no",
      "1,yes\n-2,no",
      "1,yes\n2",
      "1,yes\n2,no,3",
      "1,yes\n2, ",
    ]) {
      expect(() => readTruth(text)).toThrow(/entry 2 is not "seconds,label"/);
    }
  });

  it("takes no entry whose time was lost for a heading", () => {
    for (const first of [",yes", " ,yes", "NaN,yes", '"",yes', "-1,yes", "Infinity,yes", "-,yes"]) {
      expect(() => readTruth(`${first}\n2,no`)).toThrow(/entry 1 is not "seconds,label"/);
    }
    for (const heading of [
      "time,word",
      '"seconds","label"',
      "# time,word",
      "\uFEFFEnde,Wort",
      "information,x",
    ]) {
      expect(readTruth(`${heading}\n2,no`)).toEqual([{ seconds: 2, label: "no" }]);
    }
  });
});
