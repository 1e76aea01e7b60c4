/** The package's C sources as text, in a chunk of their own that only an export loads. */
import LICENSE from "../../../LICENSE?raw";

const FOLDER = "../../../csrc/";

/** Runners are firmware of their own, and no part of a project. */
const FILES = import.meta.glob<string>(["../../../csrc/**/*", "!../../../csrc/runner/**"], {
  query: "?raw",
  import: "default",
  eager: true,
});

/** Paths below csrc, and "LICENSE", as exportProject takes them. */
export const C_SOURCES: ReadonlyMap<string, string> = new Map([
  ...Object.entries(FILES).map(([path, text]): [string, string] => [
    path.slice(FOLDER.length),
    text,
  ]),
  ["LICENSE", LICENSE],
]);
