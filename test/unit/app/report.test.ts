/** The report that the page hands out is byte for byte what `mambalite profile --json` prints, but for this host's times. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { offeredModel } from "../../../ts/app/models.js";
import { sourceOf } from "../../../ts/app/source.js";
import { openModel } from "../../../ts/app/worker/open.js";
import type { Choice, Source } from "../../../ts/app/worker/protocol.js";
import { textOfReport } from "../../../ts/app/worker/report.js";
import { Workbench } from "../../../ts/app/worker/workbench.js";
import { type ProfileCommandOptions, profileCommand } from "../../../ts/cli/commands/profile.js";
import { boards } from "../../../ts/cli/options.js";
import "../../../ts/node.js";
import { defaultFrames } from "../../../ts/profile/index.js";
import { golden, harCheckpoint } from "../../cli/support.js";

// The page fetches what is bundled.
vi.stubGlobal("fetch", async (url: string) => new Response(readFileSync(fileURLToPath(url))));

const BOARDS = "esp32s3,stm32h743";

interface Setting {
  readonly name: string;
  readonly model: string;
  /** Of a checkpoint, as options of the command line. */
  readonly files?: Pick<ProfileCommandOptions, "frontend" | "labels" | "arch">;
  readonly choice?: Partial<Choice>;
  readonly fold?: boolean;
}

const [checkpoint, , frontend = "", , labels = ""] = harCheckpoint;
const [branches, arch] = ["model.safetensors", "arch.json"].map((file) =>
  golden(`arch_two_branches_d7_t37/${file}`),
) as [string, string];

const SETTINGS: readonly Setting[] = [
  { name: "a model that listens, as it opens", model: "kws" },
  { name: "another tile", model: "kws", choice: { tile: 4 } },
  { name: "the textbook's schedule", model: "kws", choice: { schedule: "unfused" } },
  { name: "a budget", model: "kws", choice: { budget: 20_000 } },
  { name: "folded", model: "kws", fold: true },
  { name: "frames and a tile", model: "har", choice: { frames: 60, tile: 16 } },
  { name: "the paper's schedule", model: "har", choice: { schedule: "layer" } },
  { name: "integers", model: "har-int" },
  {
    name: "a checkpoint, its front end, its labels",
    model: checkpoint,
    files: { frontend, labels },
  },
  { name: "a checkpoint with an arch file", model: branches, files: { arch } },
  { name: "tokens", model: golden("hf_tied_d7_l2_t1/model.safetensors"), choice: { frames: 37 } },
  { name: "an exported file", model: golden("exported_two_outputs/model.safetensors") },
];

async function onCommandLine({ model, files, choice = {}, fold }: Setting): Promise<string> {
  const options = {
    ...{ json: true, quick: true, board: boards(BOARDS), ...files, ...(fold && { fold }) },
    ...Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined)),
  };
  return profileCommand(model, options, () => {});
}

async function inPage({ model, files = {}, choice, fold = false }: Setting): Promise<string> {
  const workbench = new Workbench();
  const offer = offeredModel(model);
  const source: Source =
    offer === undefined
      ? { name: model, from: fileOf(model), companions: Object.values(files).map(fileOf) }
      : sourceOf(offer);
  await openModel(workbench, { source, fold }, () => {});
  const frames = defaultFrames(workbench.open.model.info);
  const whole: Choice = { schedule: "stream", tile: 1, budget: 0, frames, ...choice };
  const hostTimes = { latency: { runs: 1, medianMs: 1, p95Ms: 1, minMs: 1 }, operatorMs: [1, 2] };
  const asked = { choice: whole, boards: BOARDS.split(","), hostTimes };
  const text = await textOfReport(workbench.open, asked, "a browser");
  workbench.close();
  return text;
}

function fileOf(path: string): File {
  return new File([readFileSync(path)], basename(path));
}

/** Without what is measured, and what names the host. */
function exactText(text: string): string {
  return text
    .replace(/"latency":\{[^}]*\}/, '"latency":{}')
    .replace(/"host":"[^"]*"/, '"host":""')
    .replaceAll(/"(hostMs|hostShare)":[-+.e0-9]+/g, '"$1":0');
}

describe("the page's report", () => {
  it.each(SETTINGS)("$name: the bytes of `profile --json`", async (setting) => {
    const [theirs, ours] = [await onCommandLine(setting), await inPage(setting)].map(exactText);
    expect(JSON.parse(ours ?? "")).toEqual(JSON.parse(theirs ?? ""));
    expect(ours).toBe(theirs);
  });

  it("covers a detector and boards with their times", async () => {
    const report = JSON.parse(await inPage(SETTINGS[0] as Setting));
    expect(report.detector.mode).toBe("running");
    expect(report.boards.map(({ id }: { id: string }) => id).join()).toBe(BOARDS);
    expect(report.boards[0].time.ms).toBeGreaterThan(0);
  });
});
