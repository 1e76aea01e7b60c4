/** An empty project that has installed this package the way a user does: from `npm pack`. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sharedFolder } from "../shared.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Project {
  readonly folder: string;
  /** Writes files by their path in the project. */
  write(files: Readonly<Record<string, string | Uint8Array>>): void;
  /** Standard output of a command run in the project. */
  run(command: string, args: readonly string[]): string;
  remove(): void;
}

function runIn(cwd: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")}: ${error ?? `${status}\n${stdout}\n${stderr}`}`);
}

/** A folder with nothing but what `npm pack` makes. */
export function packed(): Promise<string> {
  return sharedFolder("packed", (folder) => pack(".", folder));
}

/** The same of @mambalite/har. */
export function packedHar(): Promise<string> {
  return sharedFolder("packed-har", (folder) => pack("./ts/models/har", folder));
}

function pack(packageFolder: string, folder: string): void {
  runIn(root, "npm", ["pack", packageFolder, "--silent", "--pack-destination", folder]);
}

/** The one tarball in a folder. */
export function tarballIn(folder: string): string {
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no .tgz");
  return join(folder, tarball);
}

/** Installs packages beside what is there; false: npm's registry does not give them. */
export function installed({ run }: Project, ...names: string[]): boolean {
  try {
    run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...names]);
    return true;
  } catch {
    return false;
  }
}

/** What is packed and installed once for all tests is copied into a project of its own. */
export async function installedProject(): Promise<Project> {
  const tarballs = [tarballIn(await packed())];
  return copyOf(await sharedFolder("installed", (made) => install(made, tarballs)));
}

/** The same with @mambalite/har beside it. */
export async function installedWithHar(): Promise<Project> {
  const tarballs = [await packed(), await packedHar()].map(tarballIn);
  return copyOf(await sharedFolder("installed-har", (made) => install(made, tarballs)));
}

function install(made: string, tarballs: readonly string[]): void {
  writeFileSync(join(made, "package.json"), '{ "private": true, "type": "module" }\n');
  runIn(made, "npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...tarballs]);
}

function copyOf(installed: string): Project {
  const folder = mkdtempSync(join(tmpdir(), "mambalite-project-"));
  cpSync(installed, folder, { recursive: true, verbatimSymlinks: true });
  return {
    folder,
    write: (files) => {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
    },
    run: (command, args) => runIn(folder, command, args),
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
