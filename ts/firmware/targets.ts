/**
 * What a project for each target is made of: which files of csrc go where, and which board it is for.
 * Plain data. Knows nothing of models or of what the files say.
 */

export const EXPORT_TARGETS = ["stm32h7", "esp32s3", "cortex-m7", "generic"] as const;
export type ExportTarget = (typeof EXPORT_TARGETS)[number];

/** Targets whose firmware runs in an emulator here. */
export const EMULATED_TARGETS = ["cortex-m7", "xtensa", "riscv32"] as const;
export type EmulatedTarget = (typeof EMULATED_TARGETS)[number];

export type Target = ExportTarget | EmulatedTarget;

export interface ProjectLayout {
  /** Folder of the core, and of the model as C. */
  readonly library: string;
  /** Folder of the program and of the machine under it. */
  readonly program: string;
  /** Path in csrc and path in the project; a path that ends with "/" is every file in that folder. */
  readonly files: readonly (readonly [from: string, to: string])[];
  /** It links with a script of its own, which must be told where the arena goes. */
  readonly linksBare: boolean;
  /** Ids of the boards it is for, the usual one first; none: nothing is known of the machine. */
  readonly boards: readonly string[];
}

const PROGRAM_FILES = ["port/port.h", "port/print.h", "port/print.c", "port/receive.h"] as const;

const BARE = { library: "src", program: "port", linksBare: true } as const;

const CORTEX_M7_FILES: ProjectLayout["files"] = [
  ["port/cortex-m7/CMakeLists.txt", "CMakeLists.txt"],
  ["port/library.cmake", "port/library.cmake"],
  ["port/emulator.h", "port/emulator.h"],
  ["port/cortex-m7/", "port/"],
  ...intoFolder(PROGRAM_FILES, "port"),
];

export const LAYOUTS: Readonly<Record<Target, ProjectLayout>> = {
  "cortex-m7": { ...BARE, boards: ["stm32h743"], files: CORTEX_M7_FILES },
  stm32h7: {
    ...BARE,
    boards: ["stm32h743", "stm32h747"],
    files: [
      ...CORTEX_M7_FILES,
      ["port/stm32h7/", "port/"],
      ["port/stm32h7/library.json", "library.json"],
      ["port/stm32h7/library.properties", "library.properties"],
    ],
  },
  esp32s3: {
    library: "components/mambalite_micro/src",
    program: "main",
    linksBare: false,
    boards: ["esp32s3", "esp32s3-psram"],
    files: [
      ["port/esp32s3/CMakeLists.txt", "CMakeLists.txt"],
      ["port/esp32s3/partitions.csv", "partitions.csv"],
      ["port/esp32s3/component/", "components/mambalite_micro/"],
      ["port/esp32s3/main/", "main/"],
      ...intoFolder(PROGRAM_FILES, "main"),
    ],
  },
  generic: {
    ...BARE,
    linksBare: false,
    boards: [],
    files: [
      ["port/generic/CMakeLists.txt", "CMakeLists.txt"],
      ["port/library.cmake", "port/library.cmake"],
      ["port/generic/machine.c", "port/machine.c"],
      ...intoFolder(PROGRAM_FILES, "port"),
    ],
  },
  riscv32: emulatedOnly("riscv32"),
  xtensa: emulatedOnly("xtensa"),
};

function emulatedOnly(port: string): ProjectLayout {
  return {
    ...BARE,
    boards: [],
    files: [
      [`port/${port}/CMakeLists.txt`, "CMakeLists.txt"],
      ["port/library.cmake", "port/library.cmake"],
      ["port/emulator.h", "port/emulator.h"],
      [`port/${port}/`, "port/"],
      ...intoFolder(PROGRAM_FILES, "port"),
    ],
  };
}

function intoFolder(paths: readonly string[], folder: string): ProjectLayout["files"] {
  return paths.map((path) => [path, `${folder}/${path.slice(path.lastIndexOf("/") + 1)}`]);
}
