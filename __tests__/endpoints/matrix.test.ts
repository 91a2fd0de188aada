import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { PeerResult } from '../../src/contract/result.ts';
import { type CommandOptions, command } from '../helpers/commanding.ts';
import { endRemotes, FORMS, type Remote, type Written } from '../helpers/endpoint-forms.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { makeTown, openTestTown } from '../helpers/town.ts';

/** Runs commands with the one peer `far`; its credentials are the right ones where nothing else is said. */
function withPeer(folder: TempFolder, { peer, env, dolthubHost, credentials: right }: Remote) {
  return async (request: CommandOptions, credentials: Written | null = right): Promise<PeerResult> => {
    const { result } = await command(folder, stringify({ far: peer }), {
      ...request,
      env,
      overrides: dolthubHost === undefined ? {} : { dolthubHost },
      ...(credentials === null ? {} : { credentials: { text: stringify({ far: credentials }) } }),
    });
    const [far] = result.peers;
    if (far === undefined) throw new Error('no peer');
    return far;
  };
}

/** A refusal is final and comes at once, however slow the machine is. */
const REFUSED_WITHIN_MS = 10_000;

test.each(Object.entries(FORMS))(
  '%s works in every state of the peer with the right credentials, and not with others',
  async (_, form) => {
    await using folder = await tempFolder();
    const town = await makeTown(folder.file('town'));
    const other = openTestTown(folder.file('other'));
    const remote = await form(folder, town.path);
    try {
      const far = withPeer(folder, remote);
      const first = remote.filled === true ? 'up-to-date' : 'remote-empty';
      expect(await far({})).toMatchObject({ state: first, verified: true, remoteHead: await town.head() });
      expect(await far({ database: 'other', command: 'pull', bootstrap: 'far' })).toMatchObject({
        state: 'up-to-date',
        status: 'unchanged',
      });

      const ahead = await other.commit('theirs', "INSERT INTO items VALUES (3, 'three', 'cyd')");
      expect(await far({ database: 'other' })).toMatchObject({
        ...{ state: 'ahead', status: 'pushed', pushedCommits: 1, verified: true, remoteHead: ahead },
      });
      await town.commit('ours', "INSERT INTO items VALUES (4, 'four', 'dan')");
      const merged = await far({});
      expect(merged).toMatchObject({ state: 'diverged', status: 'synced', verified: true });
      expect(merged.remoteHead).toBe(await town.head());
      expect(await far({ database: 'other' })).toMatchObject({
        ...{ state: 'behind', status: 'pulled', verified: true, remoteHead: await other.head() },
      });

      for (const { why, credentials, code } of remote.refused) {
        const refused = await far({ command: 'status' }, credentials);
        expect([why, refused]).toMatchObject([why, { state: 'unreachable', attempts: 1, error: { code } }]);
        expect(refused.durationMs).toBeLessThan(REFUSED_WITHIN_MS);
      }
    } finally {
      await endRemotes([remote]);
    }
  },
  240_000,
);
