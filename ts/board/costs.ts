/** What the table of costs is made of. The table itself, `cost-table.ts`, is made by a command. */

/** Cycles for each of an op's counts; what is absent costs nothing. */
export interface KindCosts {
  readonly calls?: number;
  readonly rows?: number;
  readonly ragged?: number;
  readonly elements?: number;
  readonly inputs?: number;
  readonly once?: number;
  readonly rest?: number;
  readonly weights?: number;
  readonly macs?: number;
  readonly partMacs?: number;
  readonly exps?: number;
  /** Traced ops that it was fitted on, and how far it is off for the worst of them: a share. */
  readonly samples: number;
  readonly worst: number;
}

/** A network that the costs were not fitted on: its cycles as traced, and by the table. */
export interface HeldOut {
  readonly name: string;
  readonly tile: number;
  readonly traced: number;
  readonly predicted: number;
}

/** What the traced firmware was made of. */
export interface FittedOn {
  readonly coreVersion: string;
  /** CRC-32 of the core's sources, 8 hex digits. */
  readonly sources: string;
}

export interface CoreCosts {
  readonly fittedOn: FittedOn;
  /** How far the table is off for the worst of `heldOut`: a share. */
  readonly worstNetwork: number;
  readonly medianNetwork: number;
  readonly heldOut: readonly HeldOut[];
  readonly kinds: Readonly<Record<string, KindCosts>>;
}

export interface CostTable {
  /** By the core's id. */
  readonly cores: Readonly<Record<string, CoreCosts>>;
}
