import { expect, test } from '@jest/globals';
import { checkLeases } from '../../../src/commands/prepare/leases.ts';
import type { SyncRequest } from '../../../src/commands/request.ts';
import { filePeer } from '../../helpers/federating.ts';
import { failureOf } from '../../helpers/thrown.ts';

interface Asked {
  readonly adopt?: Readonly<Record<string, string>>;
  readonly merge?: Readonly<Record<string, string>>;
  readonly leases?: Readonly<Record<string, string>>;
  readonly discardLocal?: readonly string[];
  readonly command?: SyncRequest['command'];
}

function check({ adopt = {}, merge = {}, leases = {}, discardLocal = [], command = 'sync' }: Asked): void {
  const peers = [filePeer('box', '/box'), filePeer('far', '/far'), filePeer('vault', '/vault', 'backup')];
  const mapOf = (heads: Readonly<Record<string, string>>) => new Map(Object.entries(heads));
  const rewrites = { adopt: mapOf(adopt), merge: mapOf(merge), discardLocal };
  checkLeases(peers, { command, leases: mapOf(leases), rewrites });
}

test.each<[string, Asked]>([
  ['nothing', {}],
  ['one head for our branch, from two peers', { adopt: { box: 'a', far: 'a' }, discardLocal: ['b'] }],
  ['another option for each peer', { adopt: { box: 'a' }, merge: { far: 'b' }, leases: { vault: 'c' } }],
  ['a pull', { adopt: { box: 'a' }, command: 'pull' }],
])('%s may be requested', (_, asked) => {
  expect(() => check(asked)).not.toThrow();
});

test.each<[string, Asked, string]>([
  ['adopt of an unknown peer', { adopt: { nobody: 'a' } }, 'unknown-peer'],
  ['adopt of a peer that is never read', { adopt: { vault: 'a' } }, 'bad-usage'],
  ['merge-rewritten of a peer that is never read', { merge: { vault: 'a' } }, 'bad-usage'],
  ['two heads for one branch', { adopt: { box: 'a', far: 'b' } }, 'bad-usage'],
  ['a peer under two options', { adopt: { box: 'a' }, merge: { box: 'a' } }, 'bad-usage'],
  ['a peer to adopt and to replace', { adopt: { box: 'a' }, leases: { box: 'a' } }, 'bad-usage'],
  ['discard-local without adopt', { discardLocal: ['a'] }, 'bad-usage'],
  ['a push', { adopt: { box: 'a' }, command: 'push' }, 'bad-usage'],
  ['a status', { merge: { box: 'a' }, command: 'status' }, 'bad-usage'],
])('%s is refused before a database is opened', async (_, asked, code) => {
  expect(await failureOf(() => check(asked))).toMatchObject({ code });
});
