/** The core in WebAssembly, through the public API: what a user of the package gets. */
import { Engine } from "../../ts/core/engine.js";
import { logitsOf } from "../../ts/core/outputs.js";
import type { SessionOptions } from "../../ts/core/plan.js";
import { type Contender, inProcess } from "../harness/contender.js";
import { near, OUR_TOLERANCE, SameBits } from "../harness/correct.js";
import type { Setup } from "../harness/setup.js";
import type { Form, OurModel } from "../models.js";

export interface OurContender extends Contender {
  readonly arenaBytes: number;
}

/** Bits that all of ours must share, plain ones and folded ones among themselves. */
export interface OurBits {
  readonly plain: SameBits;
  readonly folded: SameBits;
}

export function ourBits(): OurBits {
  return { plain: new SameBits(), folded: new SameBits() };
}

/** Near the reference, if there is one, and equal in bits to all of ours. */
export function verifier(name: string, { reference }: OurModel, bits: OurBits, form: Form) {
  const isNear = reference === undefined ? () => {} : near(name, reference, OUR_TOLERANCE);
  return bits[form].verifier(name, isNear);
}

export interface OurOptions {
  readonly build: "simd" | "baseline";
  readonly form: Form;
  readonly session?: SessionOptions;
}

export function ourName({ build, form, session }: OurOptions): string {
  const tile = session?.tile === undefined ? "default tile" : `tile ${session.tile}`;
  return `ours, WASM ${build === "simd" ? "SIMD" : "baseline"}, ${form}, ${tile}`;
}

export async function ours(
  { core }: Setup,
  model: OurModel,
  bits: OurBits,
  options: OurOptions,
): Promise<OurContender> {
  const name = ourName(options);
  const engine = await Engine.load({ wasm: core[options.build] });
  const opened = await engine.loadModel(model.blobs[options.form]!);
  const session = opened.createSession(options.session);
  const contender = inProcess({
    name,
    verify: verifier(name, model, bits, options.form),
    run: () => logitsOf(session.run(model.input)),
    dispose: () => {
      opened.dispose();
      engine.dispose();
    },
  });
  return { ...contender, arenaBytes: session.plan.arenaBytes };
}
