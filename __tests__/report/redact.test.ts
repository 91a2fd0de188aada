import { expect, test } from '@jest/globals';
import { namesSecret } from '../../src/core/secrets.ts';
import { withValues } from '../../src/report/values.ts';
import { conflict, peer, runResult } from '../helpers/results.ts';

const made = (prefix: string, length: number) => prefix + 'x1Y2'.repeat(20).slice(0, length);

test('the names of secrets are recognised', () => {
  expect(['password_encrypted', 'api_key', 'TOKEN', 'user_secret'].map(namesSecret)).toEqual([true, true, true, true]);
  expect(['tokens_used', 'passage', 'title', 'key'].map(namesSecret)).toEqual([false, false, false, false]);
});

test.each(['full', 'keys'] as const)('%s shows no secret in values or keys', (level) => {
  const row = { password: 'plain words', title: made('ghp_', 36), none: null };
  const reported = conflict({ key: { id: made('ghp_', 36) }, base: row, ours: row, theirs: null });
  const shown = withValues(runResult({ peers: [peer({ conflicts: [reported] })] }), level);
  const [one] = shown.peers[0]?.conflicts ?? [];
  expect(one?.key).toEqual({ id: '***' });
  const hidden = { password: '***', title: '***', none: null };
  expect([one?.base, one?.ours, one?.theirs]).toEqual(level === 'full' ? [hidden, hidden, null] : [null, null, null]);
});
