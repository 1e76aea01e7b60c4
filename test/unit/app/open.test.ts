/** Opening in the page's worker: a checkpoint of unknown names comes back with a draft, and opens with it. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { DraftNeeded } from "../../../ts/app/worker/draft-needed.js";
import { openModel } from "../../../ts/app/worker/open.js";
import { Workbench } from "../../../ts/app/worker/workbench.js";
import { readSafetensors, writeSafetensors } from "../../../ts/checkpoint/index.js";
import "../../../ts/node.js";
import { golden } from "../../cli/support.js";

const { tensors } = readSafetensors(readFileSync(golden("paper_d64_t100/model.safetensors")));
const renamed = writeSafetensors(
  [...tensors.values()].map((tensor) => ({
    ...tensor,
    name: tensor.name.replace(/^linear_in/, "embed"),
  })),
);
const from = new File([new Uint8Array(renamed)], "net.safetensors");

it("a draft is given for unknown names, and the checkpoint opens with it", async () => {
  const workbench = new Workbench();
  const source = { name: from.name, from };
  const opening = openModel(workbench, { source, fold: false }, () => {});
  const error = await opening.catch((cause) => cause);
  expect(error).toBeInstanceOf(DraftNeeded);
  expect(error.draft.text).toContain("embed");
  const companions = [new File([error.draft.text], "arch.json")];
  const opened = await openModel(
    workbench,
    { source: { ...source, companions }, fold: false },
    () => {},
  );
  expect(opened).toMatchObject({ format: "safetensors", hasCheckpoint: true, isFolded: false });
  workbench.close();
});
