import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { addPeer } from '../../src/commands/add-peer.ts';
import { readEnv } from '../../src/core/env.ts';
import { commandContext } from '../helpers/configuring.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { examine, linesOf } from '../helpers/examining.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const PEERS = `far: ssh://far.example/srv/db
there: https://there.example/db
read: {endpoint: "https://read.example/db", role: upstream}
plain: {endpoint: "https://plain.example/db", live: false}
box: file:///tmp/box
`;
const LINES = /^live: false .*\nlive: true /m;
const ignoring = (local: TestDatabase) => local.commit('ignore', "INSERT INTO dolt_ignore VALUES ('wisps', 1)");

describe('doctor', () => {
  test('names the peers with ignored tables that a run would not push to, with both lines to paste', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const before = await examine(folder, PEERS);
    expect(before.checks.filter(({ check }) => check === 'live')).toEqual([]);
    await ignoring(local);
    const result = await examine(folder, PEERS);
    expect(result.checks.filter(({ check }) => check === 'live')).toEqual([
      expect.objectContaining({ peer: 'far', status: 'warning', cure: expect.stringMatching(LINES) }),
      expect.objectContaining({ peer: 'there', status: 'warning', cure: expect.stringMatching(LINES) }),
    ]);
    expect(result.status).toBe('missing');
    const side = await examine(folder, PEERS, { branch: 'side' });
    expect(linesOf(side, 'live', 'far')[0]).toMatch(/^unknown: /);
  });

  test('assumes ignored tables in a beads workspace, and reports unreadable facts as unknown', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    expect(linesOf(await examine(folder, PEERS), 'live', 'far')[0]).toMatch(/^unknown: /);
    await writeFile(folder.file('.beads', 'metadata.json'), '{"backend":"dolt"}');
    expect(linesOf(await examine(folder, PEERS), 'live', 'far')[0]).toMatch(/^warning: runs do not push to far/);
  });

  test('names inbox branches that no run merges, and does not change them', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await local.sql("CALL DOLT_BRANCH('inbox/north-0123abcd')", "CALL DOLT_BRANCH('inbox/odd')");
    expect(linesOf(await examine(folder, ''), 'inbox')).toEqual([
      expect.stringMatching(/^warning: deliveries in inbox\/north-0123abcd are not merged/),
      expect.stringMatching(/^warning: inbox\/odd is not a delivery branch/),
    ]);
    await writeFile(folder.file('on.yaml'), 'federation: {inbox: true}');
    expect(linesOf(await examine(folder, '', { overrides: { config: 'on.yaml' } }), 'inbox')).toEqual([
      expect.stringMatching(/^warning: inbox\/odd /),
    ]);
    expect(linesOf(await examine(folder, '', { untrusted: true }), 'inbox')).toEqual([]);
  });
});

describe('add-peer', () => {
  const dolt = { source: 'auto' } as const;
  const env = { PATH: `${dirname(testDolt())}:${readEnv()['PATH'] ?? ''}` };

  test('warns of ignored tables before the first run, and writes the given values', async () => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    const warnings: string[] = [];
    const context = commandContext(folder.path, { env, warnings });
    const add = (name: string, live?: boolean) =>
      addPeer(
        {
          name,
          endpoint: `ssh://${name}.example/db`,
          set: live === undefined ? [] : [{ path: ['live'], value: live }],
          database: 'local',
          overrides: {},
          dolt,
        },
        context,
      );
    await add('quiet');
    expect(warnings).toEqual([]);
    await ignoring(local);
    await add('far');
    expect(warnings).toEqual([expect.stringMatching(/^live-unknown: runs do not push to far/)]);
    expect(warnings[0]).toMatch(LINES);
    await add('plain', false);
    expect(warnings).toHaveLength(1);
    await expect(add('there', true)).rejects.toMatchObject({ code: 'config-invalid' });
    const file = await readFile(folder.file('.beads', 'config.yaml'), 'utf8');
    expect(file).toContain(
      '    far: ssh://far.example/db\n    plain:\n      endpoint: ssh://plain.example/db\n      live: false\n',
    );
    expect(file).not.toContain('there');
  });
});
