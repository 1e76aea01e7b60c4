/**
 * The report of a model, put together in one place for the command line and the page: profile, times on boards, and
 * the detector of a model that listens. Knows nothing of how it is shown.
 */
import type { InputArray } from "../core/input.js";
import { type RunSettings, sessionOptions } from "../core/settings.js";
import { BOARDS, type Board, type WeightsChoice } from "../device/index.js";
import { toJson } from "../json.js";
import { profileDetector } from "../profile/detector.js";
import type { Effort } from "../profile/measure.js";
import {
  type HostTimes,
  type ProfileReport,
  type ProfileVerdict,
  profile,
  profileVerdict,
} from "../profile/report.js";
import { timesOnBoards } from "../profile/times.js";
import type { DetectorOptions } from "../streaming/detector.js";
import type { OpenedModel } from "./opened.js";

export interface ReportRequest {
  readonly settings: RunSettings;
  /** Of the input. */
  readonly frames: number;
  /** Default: generated. */
  readonly input?: InputArray;
  /** Default: every board of the catalogue. */
  readonly boards?: readonly Board[];
  /** Where a board has its weights; default: where they are read fastest. */
  readonly weights?: WeightsChoice;
  /** What this host is, for the record. */
  readonly host: string;
  readonly effort?: Effort;
  /** Of the same, measured before; default: they are measured now. */
  readonly hostTimes?: HostTimes;
  /** Where it listens. */
  readonly detector?: DetectorOptions;
  /** Gets what is known before this host is measured. */
  readonly onVerdict?: (verdict: ProfileVerdict) => void;
}

/** @throws as `profile` and `profileDetector` */
export async function reportOf(
  { engine, model }: OpenedModel,
  request: ReportRequest,
): Promise<ProfileReport> {
  const { settings, frames, input, boards, weights, host, effort, hostTimes } = request;
  const asked = {
    ...sessionOptions(settings, frames),
    ...{ host, times: timesOnBoards },
    ...(input ? { input } : { frames }),
    ...(boards && { boards }),
    ...(weights && { weights }),
    ...(effort && { effort }),
    ...(hostTimes && { hostTimes }),
  };
  const verdict = profileVerdict(model, asked);
  const detector =
    request.detector &&
    (await profileDetector(engine, request.detector, boards ?? BOARDS, weights));
  const listening = detector && { detector };
  request.onVerdict?.({ ...verdict, ...listening });
  return { ...profile(engine, model, asked), ...listening };
}

/** As `mambalite profile --json` prints it. */
export function reportText(report: ProfileReport): string {
  return toJson(report);
}
