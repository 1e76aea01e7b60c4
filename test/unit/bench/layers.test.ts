/** The benchmark's straightforward ports compute what the core does: else their times say nothing. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { portRunner } from "../../../bench/contenders/straightforward.js";
import { near, PEER_TOLERANCE } from "../../../bench/harness/correct.js";
import { layerModels, portCallOf } from "../../../bench/layer-models.js";
import { logitsOf } from "../../../ts/core/outputs.js";
import { Engine } from "../../../ts/node.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

test.each(layerModels())("$title in straightforward C", async (model) => {
  const engine = await Engine.load();
  const ours = logitsOf((await engine.loadModel(model.blob)).createSession().run(model.input));
  const port = portRunner(root, portCallOf(model))();
  near(model.title, [...ours], PEER_TOLERANCE)(port);
  expect(new Set(ours).size).toBeGreaterThan(1);
  engine.dispose();
});
