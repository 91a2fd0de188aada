import { Failure } from '../core/failure.ts';

/** A panic of Dolt without the stack that it prints; any other failure as it is. */
export function withoutStack(failure: Failure): Failure {
  if (failure.code !== 'dolt-defect' || !failure.message.includes('\n')) return failure;
  const [first = ''] = failure.message.split('\n');
  return new Failure('dolt-defect', first, {
    hint: 'Dolt 2.3.0 cannot merge conflicts in a table with a STORED generated column unless it has a secondary index, a unique key or a check: add an index to the table on both sides. Nor can it merge deleted rows where one side added a column before others: run the same ALTER TABLE on the other side. Commit, then run again.',
    cause: failure,
  });
}
