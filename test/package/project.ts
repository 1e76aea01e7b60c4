/** An empty project that has installed this package the way a user does: from `npm pack`. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Project {
  readonly folder: string;
  /** Writes files by their path in the project. */
  write(files: Readonly<Record<string, string | Uint8Array>>): void;
  /** Standard output of a command run in the project. */
  run(command: string, args: readonly string[]): string;
  remove(): void;
}

export function installedProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), "mambalite-project-"));
  const run = (command: string, args: readonly string[], cwd = folder): string => {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
    if (status === 0) return stdout;
    throw new Error(`${command} ${args.join(" ")}: ${error ?? `${status}\n${stdout}\n${stderr}`}`);
  };
  run("npm", ["pack", "--silent", "--pack-destination", folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no .tgz");
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`]);
  return {
    folder,
    write: (files) => {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
    },
    run: (command, args) => run(command, args),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The names of a folder's files, with their paths in it, sorted. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
