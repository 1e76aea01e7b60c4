/**
 * The models that are trained by the scripts in scripts/train, each with its model card: those of this package, and `har`,
 * whose data's terms keep it in one of its own. Plain data: where the files are, for Node, browsers and bundlers alike.
 */
import type { BundledModel, BundledStream } from "./bundled-model.js";
import { HAR_PACKAGE, harMissing, harModel } from "./har.js";

export type {
  BundledExample,
  BundledModel,
  BundledStream,
  BundledTerms,
  IntegerTwin,
  StreamForm,
} from "./bundled-model.js";

const KWS: BundledModel & { readonly stream: BundledStream } = {
  name: "kws",
  title: "keyword spotting: 16 kHz audio to six words, unknown or silence",
  blob: new URL("./kws/model.mlm", import.meta.url),
  checkpoint: new URL("./kws/model.safetensors", import.meta.url),
  frontEnd: new URL("./kws/frontend.json", import.meta.url),
  labels: new URL("./kws/labels.json", import.meta.url),
  examples: [
    { name: "yes", label: "yes", url: new URL("./kws/yes.wav", import.meta.url) },
    { name: "stop", label: "stop", url: new URL("./kws/stop.wav", import.meta.url) },
    { name: "on", label: "on", url: new URL("./kws/on.wav", import.meta.url) },
  ],
  integers: {
    name: "kws-int",
    title: "keyword spotting in integers: kws for chips without an FPU",
    blob: new URL("./kws/model-int.mlm", import.meta.url),
  },
  stream: {
    blob: new URL("./kws/running.mlm", import.meta.url),
    running: {
      windows: { windowFrames: 70, hopFrames: 10 },
      events: {
        smooth: 4,
        holdOff: 10,
        thresholds: { down: 0.45, off: 0.35, on: 0.55, stop: 0.3, up: 0.7, yes: 0.45 },
      },
    },
    exact: {
      windows: { windowFrames: 98, hopFrames: 14 },
      events: { smooth: 3, holdOff: 7, thresholds: 0.5 },
    },
  },
};

/** What `listen` of mambalite-micro/streaming takes to hear six words. */
export const WORDS = { model: KWS.stream.blob, ...KWS.stream.running.events } as const;

/** Nothing that is looked for when a page runs is in its bundle. */
const HAR = harModel(() => {
  throw harMissing(`import FILES from ${HAR_PACKAGE}`);
});

/**
 * The first one is what `npm start` profiles. The files of `har` are in the package @mambalite/har, which is looked for in
 * Node alone: elsewhere, and without it, asking for one of them throws NotInstalled.
 */
export const BUNDLED_MODELS: readonly BundledModel[] = [KWS, HAR];
