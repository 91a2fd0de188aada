import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { readConfigText } from '../../src/config/find-config.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import { requireFederation } from '../../src/config/requirements.ts';
import { configure, contextIn, refusal } from '../helpers/configuring.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

describe('reading the file', () => {
  test('a file with only comments is an empty configuration, and the places name the file', async () => {
    await using folder = await tempFolder();
    await mkdir(folder.file('.beads'));
    const file = folder.file('.beads/config.yaml');
    await writeFile(file, '# nothing yet\n');
    const context = contextIn(folder.path);
    expect(await loadConfiguration(context, {})).toMatchObject({ file, workspace: folder.file('.beads'), peers: [] });
    await writeFile(file, 'sync:\n  mode: x\n');
    const failure = await refusal(() => loadConfiguration(context, {}));
    expect(failure.location).toEqual({ file, line: 2, column: 9 });
  });

  test('the defaults apply without a file', async () => {
    await using folder = await tempFolder();
    const context = { ...contextIn(folder.path), ceiling: folder.path };
    expect(await loadConfiguration(context, {})).toMatchObject({ file: null, syncMode: { value: 'dolt-native' } });
  });

  test('the byte order mark is kept', async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file('c'), '\uFEFFa: 1');
    expect(await readConfigText(folder.file('c'))).toBe('\uFEFFa: 1');
  });

  test.each([
    ['a folder', (path: string) => mkdir(path), 'it is a folder'],
    ['an empty file', (path: string) => writeFile(path, ''), 'it is empty (0 bytes)'],
    ['too large', (path: string) => writeFile(path, '#'.repeat(1024 * 1024 + 1)), 'it is larger than 1 MiB'],
    ['not UTF-8', (path: string) => writeFile(path, Buffer.from([0x61, 0xff])), 'it is not UTF-8'],
    ['a broken link', (path: string) => symlink(`${path}-gone`, path), 'ENOENT'],
    ['a device', (path: string) => symlink('/dev/zero', path), 'it is not a regular file'],
  ])('%s is unreadable', async (_, make, why) => {
    await using folder = await tempFolder();
    const file = folder.file('c.yaml');
    await make(file);
    const failure = await refusal(() => loadConfiguration(contextIn(folder.path), { config: 'c.yaml' }));
    expect(failure).toMatchObject({ code: 'config-unreadable', location: { file } });
    expect(failure.message).toContain(why);
  });

  test('a file of exactly 1 MiB is read', async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file('c'), '#'.repeat(1024 * 1024));
    expect(await readConfigText(folder.file('c'))).toHaveLength(1024 * 1024);
  });
});

describe('the sync mode', () => {
  test.each(['dolt-native', 'belt-and-suspenders'])('%s allows federation', (mode) => {
    expect(() => requireFederation(configure(`sync: {mode: ${mode}}`))).not.toThrow();
  });

  test.each(['git-portable', 'realtime'])('%s refuses federation', async (mode) => {
    const failure = await refusal(() => requireFederation(configure(`sync:\n  mode: ${mode}`)));
    expect(failure).toMatchObject({ code: 'sync-mode', location: { file: '/c.yaml', line: 2, column: 3 } });
    expect(failure.message).toBe(
      `sync.mode is ${mode}, which does not allow federation; use dolt-native or belt-and-suspenders`,
    );
    expect(failure.hint).toBe('Change the mode in /c.yaml to:\nsync:\n  mode: dolt-native');
  });

  test('is named in the message if it is not set', async () => {
    const failure = await refusal(() => requireFederation(configure('issue-prefix: bd', { workspace: '/w/.beads' })));
    expect(failure.message).toMatch(
      /^sync\.mode is not set, and in a folder with `\.beads` it defaults to git-portable/,
    );
    expect(failure.hint).toBe('Add these two lines to /c.yaml:\nsync:\n  mode: dolt-native');
  });

  test.each([
    ['BD_SYNC_MODE', { env: { BD_SYNC_MODE: 'realtime' } }],
    ['`sync-mode`', { overrides: { syncMode: 'realtime' } }],
  ] as const)('of %s is named in the hint instead of the file', async (said, context) => {
    const text = 'sync: {mode: dolt-native}';
    const failure = await refusal(() => requireFederation(configure(text, context)));
    expect(failure).toMatchObject({ code: 'sync-mode', location: null });
    expect(failure.hint).toContain(said);
    expect(failure.hint).not.toContain('/c.yaml');
  });

  test('is shown as two lines to add if it is not set', async () => {
    const failure = await refusal(() => requireFederation(configure('', { workspace: '/w/.beads' })));
    expect(failure.hint).toBe('Add these two lines to /c.yaml:\nsync:\n  mode: dolt-native');
    expect(failure.location).toBeNull();
  });
});
