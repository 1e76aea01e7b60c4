/**
 * What a project for each target is made of: which files of csrc go where, and which board it is for.
 * Plain data. Knows nothing of models or of what the files say.
 */
import { CORTEX_M, CORTEX_M_TARGETS, type CortexM, type CortexMTarget } from "./cortex-m.js";

export const EXPORT_TARGETS = [
  "stm32h7",
  "esp32s3",
  ...CORTEX_M_TARGETS,
  "riscv32",
  "generic",
  "library",
] as const;
export type ExportTarget = (typeof EXPORT_TARGETS)[number];

/** Targets whose firmware runs in an emulator here. */
export const EMULATED_TARGETS = [...CORTEX_M_TARGETS, "riscv32", "xtensa"] as const;
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
  /** Its scripts or settings put the weights where they are to lie. */
  readonly placesWeights: boolean;
  /** Ids of the boards it is for, the usual one first; none: nothing is known of the machine. */
  readonly boards: readonly string[];
  /** What stands for `@NAME@` in its files besides the board's figures. */
  readonly figures?: Readonly<Record<string, string>>;
}

const PROGRAM_FILES = ["port/port.h", "port/print.h", "port/print.c", "port/receive.h"] as const;

const BARE = { library: "src", program: "port", linksBare: true, placesWeights: false } as const;

const CORTEX_M7 = cortexMLayout("cortex-m7");

export const LAYOUTS: Readonly<Record<Target, ProjectLayout>> = {
  ...cortexMLayouts(),
  stm32h7: {
    ...CORTEX_M7,
    boards: ["stm32h743", "stm32h747"],
    files: [
      ...CORTEX_M7.files,
      ["port/stm32h7/", "port/"],
      ["port/stm32h7/library.json", "library.json"],
      ["port/stm32h7/library.properties", "library.properties"],
    ],
  },
  esp32s3: {
    library: "components/mambalite_micro/src",
    program: "main",
    linksBare: false,
    placesWeights: true,
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
  library: {
    library: "src",
    program: "src",
    linksBare: false,
    placesWeights: false,
    boards: [],
    files: [["port/library/", ""]],
  },
  riscv32: { ...BARE, boards: ["esp32c3", "esp32c6"], files: bareFiles("riscv32") },
  xtensa: { ...BARE, boards: [], files: bareFiles("xtensa") },
};

function bareFiles(port: string): ProjectLayout["files"] {
  return [
    [`port/${port}/CMakeLists.txt`, "CMakeLists.txt"],
    ["port/library.cmake", "port/library.cmake"],
    ["port/emulator.h", "port/emulator.h"],
    [`port/${port}/`, "port/"],
    ...intoFolder(PROGRAM_FILES, "port"),
  ];
}

function cortexMLayout(target: CortexMTarget): ProjectLayout {
  const row: CortexM = CORTEX_M[target];
  return {
    ...BARE,
    placesWeights: true,
    boards: row.boards,
    figures: {
      CPU: target,
      CORE: row.core,
      FPU: row.fpus[0]!.mfpu,
      FPUS: row.fpus.map(({ mfpu }) => mfpu).join(" or "),
      ASSEMBLY: row.assembly,
    },
    files: [
      ...bareFiles("cortex-m"),
      [`port/${target}/`, "port/"],
      [`port/${row.machine}/`, "port/"],
    ],
  };
}

function cortexMLayouts(): Readonly<Record<CortexMTarget, ProjectLayout>> {
  return Object.fromEntries(
    CORTEX_M_TARGETS.map((target) => [target, cortexMLayout(target)]),
  ) as Record<CortexMTarget, ProjectLayout>;
}

function intoFolder(paths: readonly string[], folder: string): ProjectLayout["files"] {
  return paths.map((path) => [path, `${folder}/${path.slice(path.lastIndexOf("/") + 1)}`]);
}
