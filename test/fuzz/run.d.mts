export interface Target {
  readonly name: string;
  readonly corpus: string;
  readonly committed: readonly string[];
  readonly options: readonly string[];
}
export function fuzz(
  target: Target,
  folder: string,
  seconds: number,
): Promise<{ readonly executions: number; readonly failed: boolean; readonly log: string }>;
export function verdictOf(
  target: Target,
  folder: string,
  seconds: number,
): Promise<"passed" | "failed">;
