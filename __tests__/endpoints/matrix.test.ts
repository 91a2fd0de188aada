import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { PeerResult } from '../../src/contract/result.ts';
import { type CommandOptions, command } from '../helpers/commanding.ts';
import { makeDatabase, openTestDatabase } from '../helpers/database.ts';
import {
  endRemotes,
  FURTHER,
  GUIDE,
  jobEnvironment,
  type Remote,
  startRemotes,
  type Written,
} from '../helpers/endpoint-forms.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** A peer at a remote, with the credentials that a run gets for it. */
interface Entry {
  readonly remote: Remote;
  readonly credentials: Written | null;
}
type Entries = Readonly<Record<string, Entry>>;

/** Runs a command with peers, each with its own credentials; their results by name. */
async function runWith(
  folder: TempFolder,
  entries: Entries,
  request: CommandOptions,
): Promise<Readonly<Record<string, PeerResult>>> {
  const all = Object.entries(entries);
  const peers = Object.fromEntries(all.map(([name, { remote }]) => [name, remote.peer]));
  const given = all.filter(([, { credentials }]) => credentials !== null);
  const hosts = all.flatMap(([, { remote }]) => remote.dolthubHost ?? []);
  // The peers are one object, and a configuration may hold no aliases of mappings.
  const { result } = await command(folder, stringify(peers, { aliasDuplicateObjects: false }), {
    ...request,
    overrides: Object.fromEntries(hosts.map((host) => ['dolthubHost', host])),
    credentials: { text: stringify(Object.fromEntries(given.map(([name, { credentials }]) => [name, credentials]))) },
  });
  return Object.fromEntries(result.peers.map((peer) => [peer.name, peer]));
}

/** The same for each key, to compare with the results of several peers. */
const forEach = <T>(names: readonly string[], of: (name: string) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(names.map((name) => [name, of(name)]));

/** The name of the peer of a form. */
const nameOf = (form: string): string => form.replaceAll(/[^a-z0-9]+/g, '-').replace(/-$/, '');

/**
 * Forms whose data goes the same way as that of another form. They get no commit of their own, so that a sync finds the
 * database ahead of them.
 */
const LIKE_ANOTHER: Readonly<Record<string, string>> = {
  'git@host:path': 'git+ssh://',
  'https:// without a password': 'dolthub://',
  'aws://': 's3://, with a table',
  'git+file://': 'git+https://',
};

/** A refusal is final. Dolt's own retries of a connection take half a minute. */
const REFUSED_WITHIN_MS = 20_000;

test.each([
  ['the guide', GUIDE],
  ['other texts', FURTHER],
])(
  'the endpoint forms of %s work in every state of the peer with the correct credentials, and fail with others',
  async (_, forms) => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const named = Object.entries(forms).map(([form, start]) => [nameOf(form), start] as const);
    const remotes = await startRemotes(folder, local.path, named);
    try {
      const env = await jobEnvironment(folder, remotes.values());
      const names = [...remotes.keys()];
      const right: Entries = Object.fromEntries(
        [...remotes].map(([name, remote]) => [name, { remote, credentials: remote.credentials }]),
      );
      const only = (name: string): Entries => Object.fromEntries(Object.entries(right).filter(([key]) => key === name));
      const shared = await local.head();
      expect(await runWith(folder, right, { env })).toMatchObject(
        forEach(names, (name) => ({
          state: remotes.get(name)?.filled === true ? 'up-to-date' : 'remote-empty',
          ...{ verified: true, remoteHead: shared },
        })),
      );
      for (const name of names) {
        const request: CommandOptions = { env, database: `other-${name}`, command: 'pull', bootstrap: name };
        expect(await runWith(folder, only(name), request)).toMatchObject({
          [name]: { state: 'up-to-date', status: 'unchanged', remoteHead: shared },
        });
      }

      // Each has a commit of its own, so that the next fetch gets data from each.
      const own = Object.keys(forms)
        .filter((form) => LIKE_ANOTHER[form] === undefined)
        .map(nameOf);
      for (const [index, name] of own.entries()) {
        const other = openTestDatabase(folder.file(`other-${name}`));
        const ahead = await other.commit('theirs', `INSERT INTO items VALUES (${index + 10}, '${name}', 'cyd')`);
        expect(await runWith(folder, only(name), { env, database: `other-${name}` })).toMatchObject({
          [name]: { state: 'ahead', status: 'pushed', pushedCommits: 1, verified: true, remoteHead: ahead },
        });
      }
      await local.commit('ours', "INSERT INTO items VALUES (4, 'four', 'dan')");
      const merged = await runWith(folder, right, { env });
      const head = await local.head();
      expect(merged).toMatchObject(
        forEach(names, (name) => ({
          ...(own.includes(name) ? { state: 'diverged', status: 'synced' } : { state: 'ahead', status: 'pushed' }),
          ...{ verified: true, remoteHead: head },
        })),
      );

      const kept = await local.commit('kept', "INSERT INTO items VALUES (5, 'five', 'eve')");
      const refusals = [...remotes].flatMap(([name, remote]) =>
        remote.refused.map((refusal, index) => ({ ...refusal, name: `${name}-${index}`, remote })),
      );
      const refused = await runWith(folder, Object.fromEntries(refusals.map((each) => [each.name, each])), { env });
      expect(refused).toMatchObject(
        Object.fromEntries(
          refusals.map(({ name, code }) => [name, { state: 'unreachable', attempts: 1, error: { code } }]),
        ),
      );
      for (const { name, durationMs } of Object.values(refused))
        expect([name, durationMs < REFUSED_WITHIN_MS * refusals.length]).toEqual([name, true]);
      expect(await local.head()).toBe(kept);

      // The refused runs changed nothing at the peers.
      const [first = ''] = own;
      expect(await runWith(folder, right, { env, database: `other-${first}`, command: 'pull' })).toMatchObject(
        forEach(names, () => ({ state: 'behind', status: 'pulled', verified: true, remoteHead: head })),
      );
      expect(await openTestDatabase(folder.file(`other-${first}`)).head()).toBe(head);
    } finally {
      await endRemotes([...remotes.values()]);
    }
  },
  240_000,
);
