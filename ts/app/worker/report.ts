/**
 * The report that a user takes home: the command line's own, with the times that the page has measured. Loaded when
 * somebody asks for it. Knows nothing of files.
 */
import { BOARDS } from "../../device/index.js";
import { type ListeningModel, listens, usualDetector } from "../../open/listening.js";
import { reportOf, reportText } from "../../open/report.js";
import { readBundled } from "./checkpoint.js";
import { settingsOf } from "./figures.js";
import type { Calls } from "./protocol.js";
import type { Bench } from "./workbench.js";

export async function textOfReport(
  bench: Bench,
  { choice, boards, hostTimes }: Calls["report"]["input"],
  host: string,
): Promise<string> {
  const settings = settingsOf(choice);
  const open = await withNetwork(bench);
  const canListen = listens(open, { ...settings, fold: bench.isFolded });
  const detector = canListen ? await usualDetector(open, settings.tile) : undefined;
  const report = await reportOf(bench, {
    ...{ settings, frames: choice.frames, host, hostTimes },
    boards: BOARDS.filter(({ id }) => boards.includes(id)),
    ...(detector && { detector }),
  });
  return reportText(report);
}

/** What a bundled blob was made from can be made to listen. */
async function withNetwork(bench: Bench): Promise<ListeningModel> {
  const { madeFrom } = bench;
  if (bench.network !== undefined || madeFrom === undefined) return bench;
  return { ...bench, ...(await readBundled(madeFrom)) };
}
