/**
 * The simulator in the browser. `npm run app` builds it and serves it on this machine; `--dev` serves
 * the sources instead, for working on them. `npm run app:build` writes the static site to build/app
 * and says what it weighs. Knows nothing of what the page does.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process, { argv, env } from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { installIfMissing } from "./build.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const configFile = join(root, "ts/app/vite.config.ts");
const site = join(root, "build/app");

/** The first load over a phone's network stays quick; more is an error. */
const MAX_FIRST_LOAD_BYTES = 150 * 1024;
const { mostWasmBytes: MAX_WASM_BYTES } = JSON.parse(
  readFileSync(join(root, "csrc/build.json"), "utf8"),
);

/** The page's own, and its worker. */
const FIRST_SCRIPTS = /^(index|simulator)-[^/]*\.js$/;
const FIRST_SCRIPT_COUNT = 2;
/** As the bundler writes them; what is imported when it runs is `import(...)`. */
const STATIC_IMPORT = /(?:from|import) ?"\.\/([^"]+\.js)"/g;

/** Builds the site into a folder. @returns what it weighs */
export async function buildApp(folder = site) {
  const { build } = await import("vite");
  const before = env.NODE_ENV;
  env.NODE_ENV = "production"; // test runners set another
  try {
    await build({ configFile, logLevel: "warn", build: { outDir: folder, emptyOutDir: true } });
  } finally {
    if (before === undefined) delete env.NODE_ENV;
    else env.NODE_ENV = before;
  }
  return weigh(folder);
}

/**
 * Compressed sizes by part. A browser loads one of the two cores before the first figures are there;
 * checkpoint readers, drafts, quantisation, firmware, C sources, runners, models and examples come when somebody asks, or behind the visitor's back for offline.
 */
function weigh(folder) {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const files = paths.map((path) => {
    const name = path.slice(folder.length + 1).replaceAll("\\", "/");
    return { name, content: readFileSync(path) };
  });
  const first = loadedAtFirst(files);
  return files.map(({ name, content }) => {
    const sizes = { bytes: content.length, gzip: gzipSync(content).length };
    return { name, part: partOf(name, first), ...sizes };
  });
}

/** The page's script, its worker, and all that these import, but not what they import when they run. */
function loadedAtFirst(files) {
  const baseName = (name) => name.slice(name.lastIndexOf("/") + 1);
  const scripts = new Map(files.map((file) => [baseName(file.name), file]));
  const reached = new Set();
  const queue = [...scripts.keys()].filter((name) => FIRST_SCRIPTS.test(name));
  if (queue.length !== FIRST_SCRIPT_COUNT) throw new Error(`first scripts: ${queue.join(", ")}`);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const text = scripts.get(name).content.toString("utf8");
    queue.push(...[...text.matchAll(STATIC_IMPORT)].map(([, imported]) => baseName(imported)));
  }
  return reached;
}

function partOf(name, first) {
  if (/\.wasm$/.test(name)) return "core";
  if (/\.(mlm|npy|wav|safetensors|json)$/.test(name)) return "models";
  if (/c-sources/.test(name)) return "c sources";
  if (/\.bin$/.test(name)) return "runners";
  if (/\.(svg|txt|webmanifest)$|^sw\.js$/.test(name)) return "extras";
  const isOnDemand = name.endsWith(".js") && !first.has(name.slice(name.lastIndexOf("/") + 1));
  return isOnDemand ? "on demand" : "app";
}

/** Prints the sizes. @returns whether they are within what is promised */
export function report(files) {
  const sum = (part, of) =>
    files.filter((file) => file.part === part).reduce((total, file) => total + file[of], 0);
  const core = Math.max(...files.filter(({ part }) => part === "core").map(({ gzip }) => gzip));
  const first = sum("app", "gzip") + core;
  console.log("bundle report                        bytes     gzip");
  for (const { name, part, bytes, gzip } of files) {
    if (part !== "models") console.log(`  ${name.padEnd(32)} ${pad(bytes)} ${pad(gzip)}`);
  }
  for (const part of ["app", "core", "on demand", "c sources", "runners", "models", "extras"]) {
    console.log(`${part.padEnd(34)} ${pad(sum(part, "bytes"))} ${pad(sum(part, "gzip"))}`);
  }
  console.log(
    `first load: ${grouped(first)} of ${grouped(MAX_FIRST_LOAD_BYTES)} bytes, gzip, app and one core`,
  );
  const largest = Math.max(
    ...files.filter(({ part }) => part === "core").map(({ bytes }) => bytes),
  );
  console.log(`largest core: ${grouped(largest)} of ${grouped(MAX_WASM_BYTES)} bytes`);
  return first <= MAX_FIRST_LOAD_BYTES && largest <= MAX_WASM_BYTES;
}

function grouped(value) {
  return value.toLocaleString("en-US");
}

function pad(value) {
  return grouped(value).padStart(9);
}

async function main(args) {
  installIfMissing();
  if (args.includes("--dev")) {
    const { createServer } = await import("vite");
    const server = await createServer({ configFile });
    await server.listen();
    server.printUrls();
    return;
  }
  if (!report(await buildApp())) process.exitCode = 1;
  if (args.includes("--build")) return;
  const { preview } = await import("vite");
  const server = await preview({ configFile, preview: { open: false } });
  console.log("\nthe simulator is at");
  server.printUrls();
}

const isMain =
  argv[1] !== undefined && existsSync(argv[1]) && fileURLToPath(import.meta.url) === argv[1];
if (isMain) await main(argv.slice(2));
