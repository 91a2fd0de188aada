import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { configEditResultSchema } from '../../src/contract/result.ts';
import { PLAIN_STYLE } from '../../src/report/text/table.ts';
import { prepared } from '../helpers/command-line.ts';
import { commandContext, refusal } from '../helpers/configuring.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const TEXT = `# bd
no-push:   false  # team
sync.mode: "dolt-native"   # flat
federation:
  dirty:   fail
  peers:
    hub: file:///srv/hub
`;

async function withFile(folder: TempFolder, text = TEXT): Promise<string> {
  await mkdir(folder.file('.beads'), { recursive: true });
  await writeFile(folder.file('.beads/config.yaml'), text);
  return folder.file('.beads/config.yaml');
}

async function run(folder: TempFolder, ...argv: string[]) {
  const { rendered } = await prepared(['config', ...argv]).run(commandContext(folder.path));
  return { json: rendered.json, text: rendered.text({ ...PLAIN_STYLE, showOrigin: true }) };
}

describe('config set', () => {
  test.each([
    ['sync.mode', 'belt-and-suspenders', '"dolt-native"', '"belt-and-suspenders"'],
    ['federation.dirty', 'allow', ':   fail', ':   allow'],
    ['federation.push', 'true', '/hub\n', '/hub\n  push: true\n'],
    ['federation.plain-hosts', 'a.example b.example', '/hub\n', '/hub\n  plain-hosts: [a.example, b.example]\n'],
    ['federation.server.port', '3307', '/hub\n', '/hub\n  server:\n    port: 3307\n'],
    ['federation.peers.hub', 'file:///srv/other', '/hub', '/other'],
    ['federation.peers.hub.endpoint', 'file:///srv/other', '/hub', '/other'],
  ])('%s %s', async (key, value, from, to) => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    const { json, text } = await run(folder, 'set', key, value);
    expect(await readFile(file, 'utf8')).toBe(TEXT.replace(from, to));
    expect(configEditResultSchema.parse(json)).toEqual({ key, value, status: 'changed', file });
    expect(text).toBe(`set ${key} = ${value} in ${file}\n`);
  });

  test('writes lists and booleans as such, and creates the file where there is none', async () => {
    await using folder = await tempFolder();
    await run(folder, 'set', 'federation.plain-hosts', 'a.example, b.example');
    await run(folder, 'set', 'federation.allowed-remote-patterns', '["file:///srv/*", "https://*/*"]');
    await run(folder, 'set', 'federation.push', 'False');
    await run(folder, 'set', 'federation.inbox', 'true');
    await run(folder, 'set', 'conflict.strategy', 'manual');
    expect(await readFile(folder.file('.beads/config.yaml'), 'utf8')).toBe(
      `sync:
  mode: dolt-native

federation:
  plain-hosts: [a.example, b.example]
  allowed-remote-patterns: [file:///srv/*, https://*/*]
  push: false
  inbox: true

conflict:
  strategy: manual
`,
    );
    await run(folder, 'set', 'federation.inbox', 'north,south');
    expect((await run(folder, 'get', 'federation.inbox')).text).toMatch(/:8:3 {2}north, south\n$/);
    const again = await run(folder, 'set', 'federation.push', 'false');
    expect(again.text).toBe(
      `federation.push has this value already: ${folder.file('.beads/config.yaml')} is unchanged\n`,
    );
  });

  test.each([
    ['federation.dirty', 'never', 'config-invalid', '"never" is not one of'],
    ['federation.push', 'perhaps', 'config-invalid', '"perhaps" is not true or false'],
    ['federation.remote', 'https://u:secret@h/x', 'secret-in-config', 'a password'],
    ['federation.town', `ghp_${'a'.repeat(36)}`, 'secret-in-config', 'an access token'],
    ['federation.peers.hub.password', 'x', 'config-unknown-key', 'federation.peers.hub.password'],
    ['federation.remote', '~/x', 'invalid-endpoint', 'invalid endpoint format "~/x"'],
    ['federation.soverignty', 'T1', 'config-unknown-key', 'federation.soverignty'],
    ['federation.peers.hub.rol', 'peer', 'config-unknown-key', 'federation.peers.hub.rol'],
    ['federation.peers.hub.aws', 'x', 'config-unknown-key', 'federation.peers.hub.aws'],
    ['federation.peers.hub.aws.zone', 'x', 'config-unknown-key', 'federation.peers.hub.aws.zone'],
    ['federation.peers.hub.erasure', 'x', 'not-supported', 'erasure'],
    ['federation.server', 'x', 'config-unknown-key', 'federation.server'],
    ['federation.server.port', 'high', 'config-invalid', 'must be a port number'],
    ['federation.peers', 'x', 'config-unknown-key', 'federation.peers'],
    ['federation.peers.far', 'file:///srv/far', 'unknown-peer', 'there is no peer "far"'],
    ['federation.peers.a b', 'file:///srv/far', 'invalid-peer-name', '"a b"'],
    ['sync.branch', 'x', 'config-unknown-key', 'no effect on dolt-federation'],
    ['no-push', 'true', 'config-unknown-key', 'no-push'],
    ['federation.dirty.x', 'fail', 'config-unknown-key', 'federation.dirty.x'],
    ['federation.dirty', '', 'bad-usage', 'needs a value'],
  ])('%s %s is refused and changes nothing', async (key, value, code, message) => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    const failure = await refusal(() => run(folder, 'set', key, value));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message), location: null });
    expect(`${failure.message} ${failure.hint}`).not.toContain('secret@');
    if (key === 'federation.soverignty') expect(failure.hint).toContain('federation.sovereignty');
    if (key.endsWith('password')) expect(failure.hint).toContain('docs/credentials.md');
    expect(await readFile(file, 'utf8')).toBe(TEXT);
  });

  test('a file that is invalid already is not written, and the place is named', async () => {
    await using folder = await tempFolder();
    const text = 'federation:\n  dirt: fail\n';
    const file = await withFile(folder, text);
    const failure = await refusal(() => run(folder, 'set', 'federation.push', 'true'));
    expect(failure).toMatchObject({ code: 'config-unknown-key', location: { file, line: 2, column: 3 } });
    expect(await readFile(file, 'utf8')).toBe(text);
  });
});

describe('config unset', () => {
  test.each([
    ['sync.mode', 'sync.mode: "dolt-native"   # flat\n'],
    ['federation.dirty', '  dirty:   fail\n'],
  ])('%s', async (key, line) => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    const { json, text } = await run(folder, 'unset', key);
    expect(configEditResultSchema.parse(json)).toEqual({ key, value: null, status: 'changed', file });
    expect(text).toBe(`removed ${key} from ${file}\n`);
    expect(await readFile(file, 'utf8')).toBe(TEXT.replace(line, ''));
    expect((await run(folder, 'unset', key)).text).toBe(`${key} is not set in ${file}\n`);
  });

  test('of a peer: an option, but not its endpoint', async () => {
    await using folder = await tempFolder();
    const file = await withFile(folder);
    await run(folder, 'set', 'federation.peers.hub.role', 'backup');
    expect((await run(folder, 'get', 'federation.peers.hub.role')).text).toBe(`file:${file}:9:7  backup\n`);
    await run(folder, 'unset', 'federation.peers.hub.role');
    expect((await run(folder, 'get', 'federation.peers.hub.role')).text).toBe('default  peer\n');
    for (const key of ['federation.peers.hub', 'federation.peers.hub.endpoint']) {
      const failure = await refusal(() => run(folder, 'unset', key));
      expect(failure).toMatchObject({ code: 'bad-usage', hint: 'To remove the peer: dolt-federation remove-peer hub' });
    }
    expect((await refusal(() => run(folder, 'get', 'federation.peers.hub.rol'))).code).toBe('config-unknown-key');
  });

  test('creates nothing where there is no file', async () => {
    await using folder = await tempFolder();
    for (const key of ['federation.dirty', 'sync.mode'])
      expect((await run(folder, 'unset', key)).text).toBe('there is no configuration file\n');
    expect(await readdir(folder.path)).toEqual([]);
  });
});
