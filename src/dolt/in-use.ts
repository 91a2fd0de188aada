import { Failure } from '../core/failure.ts';

/**
 * The refusal for a database that somebody else has open. Two writers would damage each other's work, so a lock is
 * never broken: another process holds it as long as it lives (dolthub/dolt#10852).
 */
export function inUse(database: string, holder: string): Failure {
  return new Failure('database-in-use', `federation requires direct database access, but ${holder} holds ${database}`);
}
