/**
 * `npm start`: the first thing to try. Installs what it needs, builds, and profiles the bundled model
 * the way a user would profile theirs. Plain Node, because nothing is installed yet.
 */
import { spawnSync } from "node:child_process";
import process, { execPath, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./build.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const MODEL = "ts/models/demo.mlm";

const NEXT = `
This was the bundled model: random weights in the sizes of a keyword spotter, not trained.
What to do next:

  npx mambalite profile model.pth                       your own PyTorch checkpoint, on every board
  npx mambalite profile model.pth --schedule unfused    what it would need without fusion
  npx mambalite run model.pth --input x.npy             logits, their bits and the class
  npx mambalite convert model.pth -o model.mlm          the file that goes into flash
  npx mambalite --help                                  everything else
  npm test                                              every claim of the README
`;

ensureBuilt();
const { status } = spawnSync(execPath, ["scripts/mambalite.mjs", "profile", MODEL], {
  cwd: root,
  stdio: "inherit",
});
if (status === 0) stdout.write(NEXT);
process.exitCode = status ?? 1;
