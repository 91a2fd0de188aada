import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { PeerResult } from '../../src/contract/result.ts';
import { type CommandOptions, command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import { endRemotes, FORMS, type Remote, type Written } from '../helpers/endpoint-forms.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

type Entries = Readonly<Record<string, Written | null>>;

/** Runs a command with peers that are all at the remote, each with its own credentials. */
async function runWith(
  folder: TempFolder,
  { remote, entries }: { readonly remote: Remote; readonly entries: Entries },
  request: CommandOptions,
): Promise<readonly PeerResult[]> {
  const { peer, env, dolthubHost } = remote;
  const peers = Object.fromEntries(Object.keys(entries).map((name) => [name, peer]));
  const credentials = Object.fromEntries(Object.entries(entries).filter(([, entry]) => entry !== null));
  // The peers are one object, and a configuration may hold no aliases of mappings.
  const { result } = await command(folder, stringify(peers, { aliasDuplicateObjects: false }), {
    ...request,
    env,
    overrides: dolthubHost === undefined ? {} : { dolthubHost },
    credentials: { text: stringify(credentials) },
  });
  return result.peers;
}

/** A refusal is final. Dolt's own retries of a connection take half a minute. */
const REFUSED_WITHIN_MS = 20_000;

test.each(Object.entries(FORMS))(
  '%s works in every state of the peer with the correct credentials, and fails with others',
  async (_, form) => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const other = openTestDatabase(folder.file('other'));
    const remote = await form(folder, local.path);
    try {
      const far = async (request: CommandOptions) =>
        (await runWith(folder, { remote, entries: { far: remote.credentials } }, request))[0];
      const first = remote.filled === true ? 'up-to-date' : 'remote-empty';
      expect(await far({})).toMatchObject({ state: first, verified: true, remoteHead: await local.head() });
      expect(await far({ database: 'other', command: 'pull', bootstrap: 'far' })).toMatchObject({
        ...{ state: 'up-to-date', status: 'unchanged' },
      });

      const ahead = await other.commit('theirs', "INSERT INTO items VALUES (3, 'three', 'cyd')");
      expect(await far({ database: 'other' })).toMatchObject({
        ...{ state: 'ahead', status: 'pushed', pushedCommits: 1, verified: true, remoteHead: ahead },
      });
      await local.commit('ours', "INSERT INTO items VALUES (4, 'four', 'dan')");
      const merged = await far({});
      expect(merged).toMatchObject({ state: 'diverged', status: 'synced', verified: true });
      expect(merged?.remoteHead).toBe(await local.head());
      expect(await far({ database: 'other', command: 'pull' })).toMatchObject({
        ...{ state: 'behind', status: 'pulled', verified: true, remoteHead: await other.head() },
      });

      if (remote.refused.length === 0) return;
      const entries = Object.fromEntries(remote.refused.map(({ credentials }, index) => [`far-${index}`, credentials]));
      const kept = await local.commit('kept', "INSERT INTO items VALUES (5, 'five', 'eve')");
      const refused = await runWith(folder, { remote, entries }, {});
      expect(refused).toMatchObject(remote.refused.map(({ code }) => ({ state: 'unreachable', error: { code } })));
      expect(refused.map(({ attempts }) => attempts)).toEqual(refused.map(() => 1));
      for (const { durationMs } of refused) expect(durationMs).toBeLessThan(REFUSED_WITHIN_MS * refused.length);
      expect(await local.head()).toBe(kept);
      expect(await far({ command: 'status' })).toMatchObject({ state: 'ahead', remoteHead: merged?.remoteHead });
    } finally {
      await endRemotes([remote]);
    }
  },
  240_000,
);
