import { markRun } from '../../src/core/run-mark.ts';

/** The mark of a run on this machine whose process has ended. */
export function markOfEndedRun(): string {
  return markRun().replace(/^\d+/, '999999999');
}

/** The mark of a run in a container that this process cannot see. */
export function markOfOtherContainer(now = Date.now()): string {
  return `${process.pid}-1-${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}-1-${Math.floor(now / 1_000)}`;
}

/** A temporary branch of a run. */
export function scratchBranch(mark: string): string {
  return `dolt-federation-scratch/${mark}-${'a'.repeat(12)}`;
}
