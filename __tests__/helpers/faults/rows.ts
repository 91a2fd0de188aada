import { appendFile } from 'node:fs/promises';
import { readEnv } from '../../../src/core/env.ts';

/** One line of the table that `npm run faults` prints. */
export interface FaultRow {
  readonly fault: string;
  readonly operation: string;
  /** Kind of remote. */
  readonly at: string;
  /** Error code of the peer that was hit; `-` where the fault is only slow. */
  readonly code: string;
  /** Seconds until the run had given the peer up, or had done all that was asked. */
  readonly seconds: number;
  /** A short text about the state afterwards. */
  readonly state: string;
  /** The problems; empty if there are none. */
  readonly complaints: readonly string[];
}

/** Notes a row for the table, where a table is made. */
export async function noteRow(row: FaultRow): Promise<void> {
  const file = readEnv()['DOLT_FEDERATION_FAULT_ROWS'];
  if (file !== undefined && file !== '') await appendFile(file, `${JSON.stringify(row)}\n`);
}
