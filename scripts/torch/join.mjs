/**
 * Joins the modules of mambalite_torch/ into the one file that people put beside their training code: the same
 * modules always make the same bytes. Knows nothing of what the modules do.
 *
 *   node scripts/torch/join.mjs [OUT]     default: build/mambalite_torch.py
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("mambalite_torch", import.meta.url));
const defaultOut = fileURLToPath(new URL("../../build/mambalite_torch.py", import.meta.url));

/** `from .module import names`, on one line or in parentheses. */
const OWN_IMPORT = /^from \.(\w*) import (?:\([^)]*\)|.*)\n/gm;
const OTHER_IMPORT = /^(?:import \w+(?:\.\w+)*(?: as \w+)?|from \w+(?:\.\w+)* import .*)\n/gm;
const DOCSTRING = /^"""[\s\S]*?"""\n/;
const DEFINITION = /^(?:def|class) (\w+)|^([A-Z][A-Z_0-9]*) = /gm;

/** The text of mambalite_torch.py. */
export function joinedModules() {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".py") && file !== "__init__.py")
    .map((file) => file.slice(0, -".py".length))
    .sort();
  const texts = new Map(names.map((name) => [name, read(name)]));
  refuseNamesTwice(texts);
  const [docstring = ""] = DOCSTRING.exec(read("__init__")) ?? [];
  const [all = ""] = /^__all__ = [\s\S]*?\]\n/m.exec(read("__init__")) ?? [];
  const imports = new Set([...texts.values()].flatMap((text) => text.match(OTHER_IMPORT) ?? []));
  const bodies = inOrder(texts).map((name) => bodyOf(name, texts.get(name)));
  return [docstring, [...imports].sort().join(""), ...bodies, all].join("\n\n");
}

function read(name) {
  return readFileSync(join(folder, `${name}.py`), "utf8");
}

/** Each behind those that it imports from. */
function inOrder(texts) {
  const done = [];
  const visit = (name, above) => {
    if (done.includes(name)) return;
    if (above.includes(name))
      throw new Error(`modules import each other: ${[...above, name].join(", ")}`);
    for (const needed of importedBy(texts.get(name), texts)) visit(needed, [...above, name]);
    done.push(name);
  };
  for (const name of texts.keys()) visit(name, []);
  return done;
}

function importedBy(text, texts) {
  return [...text.matchAll(OWN_IMPORT)].flatMap(([line, name]) =>
    name === "" ? [...texts.keys()].filter((key) => new RegExp(`\\b${key}\\b`).test(line)) : [name],
  );
}

/** A module without its imports, its docstring as a comment. */
function bodyOf(name, text) {
  const [docstring = ""] = DOCSTRING.exec(text) ?? [];
  const comment = docstring
    .replaceAll('"""', "")
    .trim()
    .split("\n")
    .map((line) => `# ${line}`.trimEnd());
  const rule = `# ${"-".repeat(98)}`;
  const code = text
    .slice(docstring.length)
    .replace(OWN_IMPORT, "")
    .replace(OTHER_IMPORT, "")
    .trim();
  return [rule, `# ${name}`, "#", ...comment, rule, "", "", code, ""].join("\n");
}

function refuseNamesTwice(texts) {
  const owners = new Map();
  for (const [module, text] of texts) {
    for (const [, name, constant] of text.matchAll(DEFINITION)) {
      const defined = name ?? constant;
      const owner = owners.get(defined);
      if (owner !== undefined && owner !== module) {
        throw new Error(`${defined} is defined in ${owner}.py and in ${module}.py`);
      }
      owners.set(defined, module);
    }
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const out = argv[2] ?? defaultOut;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, joinedModules());
  console.log(out);
}
