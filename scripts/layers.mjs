/**
 * Which folders of ts may import which: data flows one way, no floor calls a higher one and none its neighbour, and no
 * files import each other in a circle. Knows nothing of what is in them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../ts", import.meta.url));

/** From the ground up; a name with an end is a file. What is on one floor does not know the other. */
const FLOORS = [
  ["crc32.ts", "float32.ts", "hex-word.ts", "looks-like.ts", "plain-text.ts", "json.ts"],
  ["core", "board", "device"],
  ["graph", "audio", "host", "models"],
  ["blob", "checkpoint", "frontend"],
  ["fold", "streaming"],
  ["profile"],
  ["quantize", "firmware"],
  ["runner"],
  ["open"],
  ["index.ts"],
  ["node.ts"],
  ["sweep"],
  ["app", "cli"],
];

const IMPORT =
  /^\s*(?:import|export)\b[^;"']*?["'](\.[^"']+)["']|\bimport\(\s*["'](\.[^"']+)["']\s*\)/gm;

/** The files of a folder, and for each those that it imports, by their names in it. */
function importsIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const named = (path) => relative(folder, path).replaceAll("\\", "/");
  return new Map(
    files.map((file) => {
      const matches = [...readFileSync(file, "utf8").matchAll(IMPORT)];
      const imported = matches.flatMap(([, statement, call]) => {
        const path = resolve(dirname(file), statement ?? call);
        const source = [path.replace(/\.js$/, ".ts"), path.replace(/\.js$/, ".tsx")];
        return source.filter((name) => /\.tsx?$/.test(name) && existsSync(name)).map(named);
      });
      return [named(file), [...new Set(imported)]];
    }),
  );
}

function placeOf(file) {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : file;
}

/** A line for each import that goes up or sideways, each place that has no floor, and each that has one and is gone. */
export function upwardImports(imports, floors = FLOORS) {
  const floorOf = (file) => floors.findIndex((places) => places.includes(placeOf(file)));
  const homeless = [...imports.keys()].filter((file) => floorOf(file) < 0);
  const places = new Set([...imports.keys()].map(placeOf));
  const gone = floors.flat().filter((place) => !places.has(place));
  const upward = [...imports].flatMap(([file, imported]) =>
    imported
      .filter((other) => placeOf(other) !== placeOf(file) && floorOf(other) >= floorOf(file))
      .map((other) => `${file} -> ${other}`),
  );
  return [
    ...homeless.map((file) => `${file}: ${placeOf(file)} has no floor in scripts/layers.mjs`),
    ...gone.map((place) => `${place}: has a floor in scripts/layers.mjs, and no files`),
    ...upward.map((line) => `${line}: upward`),
  ];
}

/** Circles of imports, a line each, found by walking from file to file. */
export function importCircles(imports) {
  const circles = new Map();
  const done = new Set();
  const walk = (file, path) => {
    const from = path.indexOf(file);
    if (from >= 0) {
      const circle = path.slice(from);
      circles.set([...circle].sort().join(), [...circle, file].join(" -> "));
      return;
    }
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) walk(file, []);
  return [...circles.values()].map((circle) => `${circle}: a circle`);
}

/** @returns what is wrong, a line each */
export function checkLayers() {
  const imports = importsIn(root);
  return [...upwardImports(imports), ...importCircles(imports)];
}
