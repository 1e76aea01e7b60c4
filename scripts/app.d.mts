/** The size of one file of the built page. */
export interface FileSize {
  readonly name: string;
  readonly part: "app" | "core" | "c sources" | "models" | "extras";
  readonly bytes: number;
  readonly gzip: number;
}

/** Builds the page into a folder. */
export function buildApp(folder?: string): Promise<FileSize[]>;
