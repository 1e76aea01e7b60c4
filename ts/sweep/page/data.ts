/** What the page of a sweep shows, as plain data inside it. Knows nothing of how it is drawn. */

export interface PageData {
  readonly title: string;
  readonly boards: readonly PageBoard[];
  readonly candidates: readonly PageCandidate[];
}

export interface PageBoard {
  readonly id: string;
  readonly name: string;
  /** Indices of candidates: those within the limits, and of these those on the front, the best first. */
  readonly within: readonly number[];
  readonly front: readonly number[];
}

export interface PageCandidate {
  readonly name: string;
  readonly type: string;
  /** From 0 to 1; null where no classes are known. */
  readonly accuracy: number | null;
  readonly disagreements: number | null;
  readonly arenaBytes: number;
  readonly flashBytes: number;
  /** By a board's id, of those that have room: milliseconds, and from where to where they may be; null: not known. */
  readonly times: Readonly<
    Record<string, readonly [ms: number, lowMs: number, highMs: number] | null>
  >;
}
