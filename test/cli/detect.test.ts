/** `mambalite detect`: three words in a stream, in both modes; what is refused. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readAudio } from "../../ts/audio/index.js";
import { wav } from "../wav.js";
import {
  failure,
  harInput,
  json,
  kws,
  kwsInput,
  output,
  root,
  temporaryFolder,
} from "./support.js";

const temporary = temporaryFolder();
const RATE_HZ = 16_000;
const WORDS = ["yes", "stop", "on"];

/** Each word behind two seconds that are nearly silent. */
function stream(): string {
  const samples: number[] = [];
  const wait = () => {
    for (let i = 0; i < 2 * RATE_HZ; i++) samples.push(((i * 7919) % 41) - 20);
  };
  for (const word of WORDS) {
    wait();
    const clip = readFileSync(`${root}/ts/models/kws/${word}.wav`);
    for (const sample of readAudio(clip, RATE_HZ)) samples.push(Math.round(sample * 32768));
  }
  wait();
  const path = temporary("three.wav");
  writeFileSync(path, wav(new Uint8Array(Int16Array.from(samples).buffer)));
  return path;
}

describe("detect", () => {
  it("finds three words in a stream in both modes, and says how well", () => {
    const truth = temporary("times.csv");
    writeFileSync(truth, "3,yes\n6,stop\n9,on\n");
    const input = stream();
    for (const [mode, all] of [
      ["running", 103],
      ["exact", 72],
    ] as const) {
      const args = ["detect", "kws", "--input", input, "--mode", mode];
      const { events, score, answers } = json([...args, "--truth", truth, "--json"]);
      expect(events.map(({ label }: { label: string }) => label)).toEqual(WORDS);
      expect(score).toMatchObject({ total: 3, hits: 3, misses: 0, wrong: 0, falseAlarms: 0 });
      expect(answers).toBe(all);
      expect(output([...args, "--truth", truth])).toMatch(/3 of 3 found \(100\.0 %\)/);
    }
  }, 120_000);

  it("takes a running blob that `convert` has written, with the same events", () => {
    const input = stream();
    const blob = temporary("running.mlm");
    output(["convert", "kws", "--running", "-o", blob]);
    const events = ["--threshold", "0.5", "--smooth", "3", "--hold-off", "5"];
    const options = ["--input", input, ...events, "--json"];
    expect(json(["detect", blob, ...options])).toEqual(json(["detect", "kws", ...options]));
    expect(failure(["detect", "--input", input, kws])).toMatch(/convert --running/);
  });

  it("refuses by name what it cannot do", () => {
    const input = stream();
    expect(failure(["detect", "har", "--input", input])).toMatch(/a \.npy of frames|audio/);
    expect(failure(["detect", "kws", "--input", input, "--threshold", "no=0.5"])).toMatch(/no/);
    expect(failure(["detect", "kws", "--input", input, "--threshold", "often"])).toMatch(
      /a probability above 0/,
    );
    const times = temporary("other.csv");
    for (const [text, reason] of [
      ["3,no\n", /"no" is no label of the model: down, off/],
      ["seconds,label\n", /there is no line "seconds,label"/],
    ] as const) {
      writeFileSync(times, text);
      expect(failure(["detect", "kws", "--input", input, "--truth", times])).toMatch(reason);
    }
    const long = ["--window", "100000000", "--hop", "1"];
    expect(failure(["detect", "kws", "--input", input, ...long])).toMatch(/at most 16777216 hops/);
    const second = ["--window", "100", "--hop", "20"];
    expect(output(["detect", "kws", "--input", kwsInput, ...second])).toMatch(
      /shorter than a window/,
    );
    expect(failure(["detect", "kws", "--input", input, "--window", "99"])).toMatch(
      /a multiple of the hop/,
    );
  });

  it("asks for the windows of a model that has no seconds", () => {
    const tokens = `${root}/test/golden/lm_tied_d7_l1_t5000/model.safetensors`;
    const export_ = ["export", tokens, "--target", "cortex-m7", "--mode", "running"];
    const out = ["-o", temporary("of-tokens")];
    expect(failure([...export_, ...out])).toMatch(
      /--window and --hop: expected numbers of tokens, for a model of tokens, got none/,
    );
    expect(failure([...export_, ...out, "--hop", "2"])).toMatch(/got one of them/);
  });

  it("has JSON for what there is no number of: no rate, no hit", () => {
    const truth = temporary("late.csv");
    writeFileSync(truth, "1000,yes\n");
    const { score } = json(["detect", "kws", "--input", kwsInput, "--truth", truth, "--json"]);
    expect(score).toMatchObject({ total: 1, hits: 0, misses: 1, medianLatencySeconds: null });

    const frames = ["detect", "har", "--input", harInput, "--window", "64", "--hop", "16"];
    const events = ["--smooth", "1", "--threshold", "0.1"];
    const felt = json([...frames, ...events, "--json"]);
    expect(felt.seconds).toBeNull();
    expect(felt.events[0]).toMatchObject({ label: "WALKING", seconds: null, inputs: 64 });
    writeFileSync(truth, "1,WALKING\n");
    expect(failure([...frames, ...events, "--truth", truth])).toMatch(
      /--truth: expected --rate with it for a model of frames, got none/,
    );
    const timed = [...frames, ...events, "--rate", "50", "--truth", truth, "--json"];
    expect(json(timed)).toMatchObject({ seconds: 2.56, score: { total: 1, hits: 1 } });
  });

  it("ignores no option that it has no use for", () => {
    const detect = (model: string, ...words: string[]) =>
      failure(["detect", model, "--input", kwsInput, ...words]);
    expect(detect("kws", "--rate", "8000")).toMatch(/--rate: expected a model of frames with it/);
    expect(detect("kws", "--fold")).toMatch(/--fold: expected no detector with it/);
    const blob = temporary("windows-inside.mlm");
    output(["convert", "kws", "--running", "-o", blob]);
    for (const words of ["--mode exact", "--window 50", "--hop 5"]) {
      expect(detect(blob, ...words.split(" "))).toMatch(
        `${words.split(" ")[0]}: expected a checkpoint with it, got a .mlm of \`convert --running\``,
      );
    }
  });

  it("says how it was driven; a label's threshold leaves the others their own", () => {
    const detect = (...words: string[]) => output(["detect", "kws", "--input", kwsInput, ...words]);
    const never = "never _unknown_ and _silence_\n";
    expect(detect("--threshold", "yes=0.9")).toContain(
      "running over 70 frames, an answer every 10; averages of 4, held off for 10; " +
        `thresholds down 0.45, off 0.35, on 0.55, stop 0.3, up 0.7, yes 0.9, ${never}`,
    );
    expect(detect("--mode", "exact")).toContain(
      `exact over 98 frames, an answer every 14; averages of 3, held off for 7; thresholds 0.5, ${never}`,
    );
  });

  it("is of the schedule that streams, and says so where another one or a budget is asked for", () => {
    const commands = [
      ["profile", "kws", "--mode", "running", "--quick"],
      ["export", "kws", "--mode", "running", "--target", "generic", "-o", temporary("never")],
    ];
    for (const command of commands) {
      expect(failure([...command, "--schedule", "layer"])).toMatch(
        /--schedule: expected stream with a detector, got layer/,
      );
      expect(failure([...command, "--budget", "100000"])).toMatch(
        /--budget: expected no detector with it/,
      );
    }
    const target = ["--target", "generic", "-o", temporary("streams")];
    const { listens } = json(["export", "kws", "--schedule", "stream", ...target]);
    expect(listens).toBe(true);
  });

  it("takes thresholds as all other numbers are written", () => {
    for (const text of ["Infinity", "0x1", " 1", "", "1e-50", "3", "yes=", "yes=-1"]) {
      expect(failure(["detect", "kws", "--input", kwsInput, "--threshold", text])).toMatch(
        `up to 2 for never, or LABEL=P, got "${text.replace("yes=", "")}"`,
      );
    }
    expect(output(["detect", "kws", "--input", kwsInput, "--threshold", "2"])).toMatch(
      /^0 events in 1\.0 s, 3 answers, 17,504 bytes of memory \(exact\)$/m,
    );
  });
});
