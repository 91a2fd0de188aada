import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chmod, chown, lstat, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Asker } from '../../src/resolve/ask-rows.ts';
import { othersMayWrite } from '../../src/resolve/store-conflicts.ts';
import { command } from '../helpers/commanding.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';
import { makeUnresolved, runResolve, stateOf, type UnresolvedConflicts } from '../helpers/unresolved-conflicts.ts';

let left: UnresolvedConflicts;
let before: string;
beforeAll(async () => {
  left = await makeUnresolved(await tempFolder());
  before = await stateOf(left);
});
afterAll(async () => {
  await left.folder[Symbol.asyncDispose]();
});

/** Runs resolve with a file that is refused, and returns the error. */
async function refused(file: string): Promise<{ code: string; message: string; line: number | null; hint: string }> {
  const failure = await failureOf(() => runResolve(left, file));
  const [first] = failure.problems;
  expect(first?.hint).not.toBe('');
  expect(await stateOf(left)).toBe(before);
  const { code, message, hint, location } = first ?? failure;
  expect(location === null || isAbsolute(location.file)).toBe(true);
  return { code, message, hint, line: location?.line ?? null };
}

type Change = (text: string) => string | Buffer;
const put =
  (from: string | RegExp, to: string): Change =>
  (text) =>
    text.replace(from, to);
const add =
  (more: string): Change =>
  (text) =>
    `${text}${more}`;
const INVALID = 'conflicts-file-invalid';
const OURS = /ours: "?[0-9a-v]{32}"?/;
const LAUGHS = `x: &a [x,x,x,x,x,x,x,x,x]
y: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]
z: &c [*b,*b,*b,*b,*b,*b,*b,*b]
w: [*c,*c,*c,*c,*c,*c]
`;

describe('a conflicts file is refused, with its line, for', () => {
  test.each<readonly [what: string, change: Change, why: string, code?: string]>([
    ['UTF-16', (text) => Buffer.from(`\ufeff${text}`, 'utf16le'), 'is not UTF-8', 'conflicts-file-unreadable'],
    [
      'an invalid UTF-8 byte',
      (text) => Buffer.from(text.replace('ours: sue', 'ours: su\u00e9'), 'latin1'),
      'is not UTF-8',
      'conflicts-file-unreadable',
    ],
    ['a NUL character', put('ours: sue', 'ours: s\0ue'), 'it contains the character U+0000'],
    ['a bell character', put('ours: sue', 'ours: s\x07ue'), 'it contains the character U+0007'],
    ['a terminal escape sequence', put('branch: main', 'branch: "main\x1b[2J"'), 'it contains the character U+001B'],
    ['an escaped NUL in the branch', put('branch: main', 'branch: "main\\0"'), 'contains a control character'],
    [
      'an alias',
      (text) => text.replace('ours: sue', 'ours: &a sue').replace('theirs: cho', 'theirs: *a'),
      'must be a text',
    ],
    ['a merge key', put('id: "1"', '<<: {id: "1"}'), '<< of key must be a text'],
    ['aliases that multiply', add(LAUGHS), 'its aliases expand to too many values'],
    ['an alias without an anchor', put('ours: sue', 'ours: *a'), 'has no anchor'],
    ['a duplicate key', put('branch: main', 'branch: main\nbranch: side'), 'the key "branch" appears twice'],
    ['a duplicate key as number and text', put('id: "1"', '1: a\n          "1": b'), 'the key "1" appears twice'],
    [
      'a duplicate column, once escaped',
      put('          owner:\n', '          "\\x74itle": {choose: theirs}\n          owner:\n'),
      'the key "title" appears twice',
    ],
    ['nesting in brackets', add(`x: ${'['.repeat(200_000)}\n`), 'the YAML is nested too deeply'],
    [
      'nesting in lines',
      add(`x:\n${Array.from({ length: 300 }, (_, n) => `${' '.repeat(2 * n + 2)}a:`).join('\n')}\n`),
      'the YAML is nested too deeply',
    ],
    ['a very long line', put('ours: sue', `ours: ${'x'.repeat(4_000_000)}`), '`ours` of items id=1, column owner'],
    ['a number instead of text', put('base: one', 'base: 1'), '`base` of items id=1, column title, differs from'],
    ['1e999', put('base: "1"', 'base: 1e999'), '`base` of more a=1 b=x, column n, differs from'],
    ['-0', put('base: "1"', 'base: -0'), '`base` of more a=1 b=x, column n, differs from'],
    ['NaN', put('base: "1"', 'base: .nan'), '`base` of more a=1 b=x, column n, differs from'],
    ['another spelling of a key', put('a: "1"', 'a: 0x1'), 'more a=0x1 b=x is not in conflict'],
    ['the value 1e999', put(/choose: ours\n$/, 'choose: {value: 1e999}\n'), 'the column n cannot store the value'],
    ['the value NaN', put(/choose: ours\n$/, 'choose: {value: .nan}\n'), 'the column n cannot store the value'],
    [
      'a value that would be rounded',
      put(/choose: ours\n$/, 'choose: {value: 1.5}\n'),
      'the column n cannot store the value',
    ],
    [
      'SQL in a value',
      put(/choose: ours\n$/, 'choose: {value: "1; DROP TABLE items"}\n'),
      'the column n cannot store the value',
    ],
    ['a list instead of text', put('branch: main', 'branch: [main]'), 'branch must be a text'],
    ['null instead of text', put('branch: main', 'branch: null'), 'branch must be a text'],
    [
      'a branch that does not exist',
      put('branch: main', 'branch: true'),
      'this database has no branch true',
      'conflicts-stale',
    ],
    ['a revision as the branch', put('branch: main', 'branch: HEAD~1'), 'the branch "HEAD~1" contains "~"'],
    ['SQL as the branch', put('branch: main', 'branch: "main\'; DROP TABLE items; --"'), 'contains whitespace'],
    [
      'an option as the branch',
      put('branch: main', 'branch: --force'),
      'the branch "--force" has a part that starts with "-"',
    ],
    ['the branch of a delivery', put('branch: main', 'branch: inbox/eve'), 'the branch "inbox/eve" is reserved'],
    ['a branch of ours', put('branch: main', 'branch: dolt-federation/kept/20260101T000000000Z/main'), 'is reserved'],
    ['a branch as a head', put(OURS, 'ours: main'), 'ours is not a commit'],
    ['a revision as a head', put(OURS, 'ours: HEAD~1'), 'ours is not a commit'],
    ['SQL as a head', put(OURS, 'ours: "\' OR 1=1 --"'), 'ours is not a commit'],
    [
      'a commit of another database',
      put(/theirs: "?[0-9a-v]{32}"?/, `theirs: "${'a'.repeat(32)}"`),
      'the file was written when other was at aaaa',
      'conflicts-stale',
    ],
    ['a path as a peer', put('peer: other', 'peer: ../../etc/passwd'), 'which is not configured', 'unknown-peer'],
    ['an option as a peer', put('peer: other', 'peer: --upload-pack=x'), 'which is not configured', 'unknown-peer'],
    [
      'a delivery that is not accepted',
      put('peer: other', 'peer: inbox/eve-0123abcd'),
      'is an inbox that `federation.inbox` does not accept',
      'unknown-peer',
    ],
    ['rows of dolt_ignore', put('table: items', 'table: dolt_ignore'), 'no row of dolt_ignore is in conflict'],
    ['rows of dolt_schemas', put('table: items', 'table: dolt_schemas'), 'no row of dolt_schemas is in conflict'],
    ['rows of dolt_docs', put('table: items', 'table: dolt_docs'), 'no row of dolt_docs is in conflict'],
    ['rows of another database', put('table: items', 'table: mysql.user'), 'no row of mysql.user is in conflict'],
    ['SQL in a table', put('table: items', 'table: "items` WHERE 1=1; -- "'), 'no row of items` WHERE 1=1'],
    ['SQL in a column', put('          title:', '          "title` = (SELECT 1) -- ":'), 'no column title` = (SELECT'],
    ['SQL in a key', put('id: "1"', '"id` OR 1=1 -- ": "1"'), 'is not in conflict'],
    ['__proto__ for a column', put('          title:', '          __proto__:'), 'no column __proto__ in conflict'],
    ['__proto__ for a key', put('id: "1"', '__proto__: "1"'), 'items __proto__=1 is not in conflict'],
    ['a row that is not in conflict', put('id: "1"', 'id: "9"'), 'items id=9 is not in conflict'],
    ['a duplicate row', (text) => text + text.slice(text.indexOf('      - table: more')), 'more a=1 b=x appears twice'],
    ['a duplicate peer', (text) => text + text.slice(text.indexOf('  - peer')), 'the peer other appears twice'],
    ['a path', put('version: 3', 'version: 3\nfile: /etc/passwd'), 'a conflicts file has no "file"'],
    ['another version', put('version: 3', 'version: 4'), 'the version is 4, but only 1, 2, 3 are supported'],
    ['a tag', put('ours: sue', 'ours: !!js/function "x"'), 'must be a text'],
    ['binary data', put('ours: sue', 'ours: !!binary c3Vl'), 'must be a text'],
    ['two documents', (text) => `${text}---\n${text}`, 'more than one YAML document'],
    ['YAML 1.1', (text) => `%YAML 1.1\n---\n${text}`, 'YAML 1.1 is not supported'],
    ['nothing', () => '', 'a conflicts file must be a mapping'],
    ['another kind of conflict', put('kind: deleted', 'kind: changed'), 'different kind of conflict than in the file'],
    ['another side', put('deleted-by: ours', 'deleted-by: theirs'), 'different kind of conflict than in the file'],
    [
      'an invalid head of a lost row',
      add('lost:\n  - peer: other\n    table: items\n    head: main\n    row: {id: "1"}\n'),
      'head is not a commit',
    ],
  ])('%s', async (_, change, why, code = INVALID) => {
    const changed = change(left.text);
    expect(changed).not.toBe(left.text);
    await writeFile(left.folder.file('f.yaml'), changed, { mode: 0o600 });
    const failure = await refused('f.yaml');
    expect(failure).toMatchObject({ code, line: expect.any(Number) });
    expect(failure.message).toContain(why);
  });

  test('more values than fit into the memory of Node', async () => {
    await writeFile(left.folder.file('f.yaml'), `${left.text}lost:\n${'- a\n'.repeat(2_100_000)}`);
    expect(await refused('f.yaml')).toMatchObject({ code: INVALID, message: 'the YAML contains too many values' });
  });
});

describe('instead of a conflicts file', () => {
  const made = (name: string): string => left.folder.file(name);
  test.each<readonly [what: string, make: () => Promise<string>, why: string]>([
    [
      'a symbolic link is not followed',
      async () => {
        await writeFile(made('target'), left.text, { mode: 0o600 });
        await symlink(made('target'), made('link.yaml'));
        return 'link.yaml';
      },
      'it is a symbolic link',
    ],
    [
      'a FIFO is not read',
      async () => {
        execFileSync('mkfifo', [made('fifo')]);
        return 'fifo';
      },
      'it is not a regular file',
    ],
    ['a device is not read', async () => '/dev/zero', 'it is not a regular file'],
    ['a folder is not read', async () => '.', 'it is a folder'],
    ['a missing file is reported', async () => 'no-such-file', 'it does not exist'],
    [
      'a file of 65 MiB is not read',
      async () => {
        await writeFile(made('large'), '', { mode: 0o600 });
        await truncate(made('large'), 65 * 1024 * 1024);
        return 'large';
      },
      'it is larger than 64 MiB',
    ],
    [
      'a world-writable file is refused',
      async () => {
        await writeFile(made('open.yaml'), left.text);
        await chmod(made('open.yaml'), 0o666);
        return 'open.yaml';
      },
      'every user of this machine can write to it',
    ],
  ])('%s', async (_, make, why) => {
    const failure = await refused(await make());
    expect(failure.code).toBe('conflicts-file-unreadable');
    expect(failure.message).toContain(why);
  });

  test.each([
    [{ uid: 7, mode: 0o100600 }, 7, null],
    [{ uid: 0, mode: 0o100600 }, 7, null],
    [{ uid: 7, mode: 0o100664 }, 7, null],
    [{ uid: 8, mode: 0o100600 }, 7, 'it belongs to another user (8)'],
    [{ uid: 8, mode: 0o100600 }, 0, 'it belongs to another user (8)'],
    [{ uid: 7, mode: 0o100602 }, 7, 'every user of this machine can write to it'],
  ])('a file with %j is trusted by user %d or refused: %s', (found, user, why) => {
    expect(othersMayWrite(found, user)).toBe(why);
  });

  if (process.geteuid?.() === 0) {
    test('a file of another user is refused', async () => {
      await writeFile(made('foreign.yaml'), left.text, { mode: 0o600 });
      await chown(made('foreign.yaml'), 65_534, 65_534);
      expect((await refused('foreign.yaml')).message).toContain('it belongs to another user (65534)');
    });
  }
});

describe('the conflicts file and the database', () => {
  const fresh = async (folder: TempFolder): Promise<UnresolvedConflicts> => {
    const one = await makeUnresolved(folder);
    await writeFile(one.own, one.text);
    return one;
  };

  test.each([
    ['line breaks of Windows', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
  ])('keep their choices with %s', async (_, change) => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    await writeFile(one.own, change(one.text));
    expect(await runResolve(one, one.own)).toMatchObject({ status: 'success', rows: 3 });
    expect(await one.local.rows('SELECT title, owner FROM items ORDER BY id')).toEqual([
      { title: 'ours', owner: 'sue' },
      { title: 'two', owner: 'dan' },
    ]);
  });

  test('are not written through a link', async () => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    await writeFile(folder.file('victim'), 'mine');
    const sync = async () => (await command(folder, one.peers, { overrides: { strategy: 'manual' } })).result;
    await rm(one.own);
    await symlink(folder.file('victim'), one.own);
    const linked = await sync();
    expect(linked.problems).toContainEqual(expect.objectContaining({ code: 'conflicts-file-unreadable' }));
    expect(await readFile(folder.file('victim'), 'utf8')).toBe('mine');
    expect((await lstat(one.own)).isSymbolicLink()).toBe(true);

    await rm(one.own);
    const home = folder.file('local', '.dolt', 'dolt-federation');
    await rename(home, folder.file('moved'));
    await symlink(folder.file('moved'), home);
    const inLinked = await sync();
    expect(inLinked.problems).toContainEqual(
      expect.objectContaining({ code: 'conflicts-file-unwritten', message: expect.stringContaining('symbolic link') }),
    );
    await expect(lstat(folder.file('moved', 'conflicts.yaml'))).rejects.toThrow('ENOENT');
  });

  test('keep unreadable choices in files with names of their own', async () => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    for (const [choice, name] of [
      ['mine', 'conflicts.yaml.unreadable'],
      ['his', 'conflicts.yaml.unreadable-2'],
    ] as const) {
      await writeFile(one.own, one.text.replace('choose: ours', `choose: ${choice}`));
      const { result } = await command(folder, one.peers, { overrides: { strategy: 'manual' } });
      expect(result.problems).toContainEqual(
        expect.objectContaining({ code: INVALID, message: expect.stringContaining(name) }),
      );
    }
    const aside = await readFile(`${one.own}.unreadable`, 'utf8');
    expect(aside).toContain('choose: mine');
    expect(await readFile(`${one.own}.unreadable-2`, 'utf8')).toContain('choose: his');
  });

  test('keep changes of another process during the questions, and the answers', async () => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    await writeFile(one.own, one.text.replace('choose: theirs', 'choose:'));
    const meanwhile = one.text.replace('choose: theirs', 'choose: ours');
    const ask = (): Asker => ({
      begin() {},
      async ask() {
        await writeFile(one.own, meanwhile);
        return 'theirs';
      },
      confirm: async () => true,
      close() {},
    });
    const head = await one.local.head();
    const failure = await failureOf(() => runResolve(one, undefined, { ask }));
    expect(failure).toMatchObject({
      code: 'conflicts-file-unwritten',
      message: expect.stringContaining('another process changed the file after it was read'),
      hint: expect.stringContaining(`${one.own}.mine`),
    });
    expect(await readFile(one.own, 'utf8')).toBe(meanwhile);
    expect(await readFile(`${one.own}.mine`, 'utf8')).toContain('choose: theirs');
    expect(await one.local.head()).toBe(head);
  });

  test('keep changes of another process during the merge', async () => {
    await using folder = await tempFolder();
    const one = await fresh(folder);
    const meanwhile = `${one.text}# a note\n`;
    const warnings: string[] = [];
    const result = await runResolve(one, one.own, { warnings, onResource: () => writeFileSync(one.own, meanwhile) });
    expect(result).toMatchObject({ status: 'success', head: await one.local.head() });
    expect(await readFile(one.own, 'utf8')).toBe(meanwhile);
    expect(warnings).toEqual([expect.stringContaining('another process changed the file after it was read')]);
  });
});
