import { appendFile } from 'node:fs/promises';
import { readEnv } from '../../../src/core/env.ts';

/** One line of the table that `npm run faults` prints. */
export interface FaultRow {
  readonly fault: string;
  readonly operation: string;
  /** Kind of remote. */
  readonly at: string;
  /** Error code of the peer that was hit; `-` if the fault is only slow. */
  readonly code: string;
  /** Seconds until the run gave up the peer, or completed its work. */
  readonly seconds: number;
  /** A short text about the state afterwards. */
  readonly state: string;
  /** The problems; empty if there are none. */
  readonly complaints: readonly string[];
}

/** Records a row for the table, if a table is printed. */
export async function noteRow(row: FaultRow): Promise<void> {
  const file = readEnv()['DOLT_FEDERATION_FAULT_ROWS'];
  if (file !== undefined && file !== '') await appendFile(file, `${JSON.stringify(row)}\n`);
}
