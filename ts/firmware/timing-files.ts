/** What a timing report says of its board, as C. Only text. Knows nothing of machines. */
import type { Board } from "../device/index.js";
import { hexWord } from "../hex-word.js";
import { defines, GENERATED, header } from "./c-source.js";
import type { FirmwareModel } from "./model.js";

export interface TimedPlace {
  readonly board: Board | undefined;
  /** Ids of memories. */
  readonly region: string;
  readonly weights: string;
}

/** Board, or memory, of a machine that nothing is known of. */
const UNKNOWN = "unknown";

export function timingFacts(
  program: string,
  { info, detector }: FirmwareModel,
  { board, region, weights }: TimedPlace,
): [string, string][] {
  const crc = hexWord(info.crc32);
  const text = (value: string | undefined) => JSON.stringify(value || UNKNOWN);
  const facts = defines({
    TIMING_BOARD: text(board?.id),
    TIMING_MODEL: text(crc),
    TIMING_WEIGHTS: text(board && weights),
    TIMING_ARENA: text(region),
    // Behind a front end of its own a model takes frames, and the example is of samples.
    TIMING_HAS_INPUTS: detector?.front === undefined ? "1" : "0",
  });
  const about = `What a timing report says of model and board. ${GENERATED}`;
  return [[`${program}/timing_facts.h`, header("TIMING_FACTS_H", about, facts)]];
}
