/**
 * `npm start`: the first thing to try. Installs what it needs, builds, and profiles the bundled model
 * the way a user would profile theirs. Plain Node, because nothing is installed yet.
 */
import { spawnSync } from "node:child_process";
import process, { execPath, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./build.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const MODEL = "kws";

const NEXT = `
This was the bundled keyword spotter: from raw 16 kHz audio to one of six words, unknown or silence. The
other one is called har. What to do next:

  npx mambalite run kws --input ts/models/kws/yes.wav   which word it hears
  npx mambalite profile model.pth                       your own PyTorch checkpoint, on every board
  npx mambalite profile model.pth --schedule unfused    what it would need without fusion
  npx mambalite run model.pth --input x.npy             logits, their bits and the class
  npx mambalite convert model.pth -o model.mlm          the file that goes into flash
  npm run app                                           all of it in the browser: charts, microphone, downloads
  npx mambalite --help                                  everything else
  npm test                                              every claim of README and docs
`;

ensureBuilt();
const { status } = spawnSync(execPath, ["scripts/mambalite.mjs", "profile", MODEL], {
  cwd: root,
  stdio: "inherit",
});
if (status === 0) stdout.write(NEXT);
process.exitCode = status ?? 1;
