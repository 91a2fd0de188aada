import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { config } from '../../src/commands/config.ts';
import { listPeers } from '../../src/commands/list-peers.ts';
import { configListResultSchema, listPeersResultSchema } from '../../src/contract/result.ts';
import { contextIn, refusal } from '../helpers/configuring.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const TEXT = `sync: {mode: realtime}
federation:
  peers:
    b: file:///srv/b
    a: dolthub://Org/a
  remote: file:///srv/own
  allowed-remote-patterns: ["*://*/*", "*:///*/*", "https://*/*/*"]
`;

describe('config list and list-peers', () => {
  test('list every effective value with its origin', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    const file = folder.file('.beads/config.yaml');
    await writeFile(file, TEXT);
    const context = contextIn(folder.path, { BD_CONFLICT_STRATEGY: 'manual', DOLT_FEDERATION_DATABASE: 'db' });
    const overrides = { sovereignty: 'T2', peers: 'c: file:///srv/c' } as const;
    const entries = await config({ key: null, overrides }, context);
    expect(configListResultSchema.parse(entries)).toEqual([
      { key: 'sync.mode', value: 'realtime', origin: `file:${file}:1:8` },
      { key: 'federation.remote', value: 'file:///srv/own', origin: `file:${file}:6:3` },
      { key: 'federation.sovereignty', value: 'T2', origin: 'input:--sovereignty' },
      {
        key: 'federation.allowed-remote-patterns',
        value: '*://*/*, *:///*/*, https://*/*/*',
        origin: `file:${file}:7:3`,
      },
      { key: 'federation.dirty', value: 'allow', origin: 'default' },
      { key: 'federation.town', value: '', origin: 'default' },
      { key: 'federation.inbox', value: 'false', origin: 'default' },
      { key: 'federation.plain-hosts', value: '', origin: 'default' },
      { key: 'federation.database', value: 'db', origin: 'environment:DOLT_FEDERATION_DATABASE' },
      { key: 'federation.server', value: '', origin: 'default' },
      { key: 'federation.push', value: 'true', origin: 'default' },
      { key: 'federation.register', value: 'keep', origin: 'default' },
      { key: 'federation.attribution', value: 'report', origin: 'default' },
      { key: 'conflict.strategy', value: 'manual', origin: 'environment:BD_CONFLICT_STRATEGY' },
      { key: 'federation.peers.a', value: 'dolthub://Org/a', origin: `file:${file}:5:5` },
      { key: 'federation.peers.b', value: 'file:///srv/b', origin: `file:${file}:4:5` },
      { key: 'federation.peers.c', value: 'file:///srv/c', origin: 'input:peers' },
    ]);
    expect(await config({ key: 'federation.peers.b', overrides }, context)).toEqual([entries[15]]);
    const peers = listPeersResultSchema.parse(await listPeers({ overrides }, context));
    expect(peers[0]).toEqual({ name: 'origin', endpoint: 'file:///srv/own', role: 'primary', tier: 'T2' });
    expect(peers.map(({ name }) => name)).toEqual(['origin', 'a', 'b', 'c']);
  });

  test('an unset remote has an empty value, and the list of peers may be empty', async () => {
    await using folder = await tempFolder();
    const context = { ...contextIn(folder.path), ceiling: folder.path };
    expect(await config({ key: 'federation.remote', overrides: {} }, context)).toEqual([
      { key: 'federation.remote', value: '', origin: 'default' },
    ]);
    expect(await listPeers({ overrides: {} }, context)).toEqual([]);
  });

  test.each([
    ['federation.soverignty', 'Did you mean `federation.sovereignty`? '],
    ['federation.conflict', 'Did you mean `conflict.strategy`? '],
    ['fedration.remote', 'Did you mean `federation.remote`? '],
    ['federation.peers', ''],
    ['federation.peers.x', ''],
    ['', ''],
  ])('%j is an unknown key', async (key, meant) => {
    await using folder = await tempFolder();
    const context = { ...contextIn(folder.path), ceiling: folder.path };
    const failure = await refusal(() => config({ key, overrides: {} }, context));
    expect(failure).toMatchObject({
      code: 'config-unknown-key',
      message: expect.stringContaining(JSON.stringify(key)),
    });
    expect(failure.hint).toBe(`${meant}\`dolt-federation config list\` prints all keys.`);
  });
});
