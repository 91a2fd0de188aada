import { execFileSync } from 'node:child_process';
import { chmod, chown, symlink, truncate, writeFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Failure } from '../../src/core/failure.ts';
import { othersMayWrite } from '../../src/resolve/store-conflicts.ts';
import { filesBelow } from '../helpers/files-below.ts';
import { tempFolder } from '../helpers/temp-folder.ts';
import { failureOf } from '../helpers/thrown.ts';
import { makeUnresolved, runResolve, stateOf, type UnresolvedConflicts } from '../helpers/unresolved-conflicts.ts';

let left: UnresolvedConflicts;
let before: string;
beforeAll(async () => {
  left = await makeUnresolved(await tempFolder());
  before = await stateOf(left);
  files = await filesBelow(left.local.path);
});
afterAll(async () => {
  await left.folder[Symbol.asyncDispose]();
});

/** The files of the database when its state was read last. */
let files: ReadonlyMap<string, string>;

async function expectUntouched(): Promise<void> {
  const now = await filesBelow(left.local.path);
  // Most files are refused before an engine opens the database, and a process to read its state takes longer than that.
  if (isDeepStrictEqual(now, files)) return;
  expect(await stateOf(left)).toBe(before);
  files = await filesBelow(left.local.path);
}

/** Runs resolve with a file that is refused, and returns the error. */
async function refused(file: string): Promise<{ code: string; message: string; line: number | null; hint: string }> {
  const failure = await failureOf(() => runResolve(left, file));
  const [first] = failure.problems;
  expect(first?.hint).not.toBe('');
  await expectUntouched();
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
    [
      'a long branch',
      put('branch: main', `branch: "${'long '.repeat(100_000)}"`),
      `the branch "${'long '.repeat(40).trim()}…" contains whitespace`,
    ],
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
    ['a duplicate row', (text) => text + text.slice(text.indexOf('      - table: more')), 'more a=1 b=x appears twice'],
    ['a duplicate peer', (text) => text + text.slice(text.indexOf('  - peer')), 'the peer other appears twice'],
    ['a path', put('version: 3', 'version: 3\nfile: /etc/passwd'), 'a conflicts file has no "file"'],
    ['another version', put('version: 3', 'version: 4'), 'the version is 4, but only 1, 2, 3 are supported'],
    ['a tag', put('ours: sue', 'ours: !!js/function "x"'), 'must be a text'],
    ['binary data', put('ours: sue', 'ours: !!binary c3Vl'), 'must be a text'],
    ['two documents', (text) => `${text}---\n${text}`, 'more than one YAML document'],
    ['YAML 1.1', (text) => `%YAML 1.1\n---\n${text}`, 'YAML 1.1 is not supported'],
    ['nothing', () => '', 'a conflicts file must be a mapping'],
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

const ROW = '      - table: ';

/** Adds a copy of the first row, with a change. */
const addRow =
  (from: string, to: string) =>
  (text: string): string => {
    const [, first = ''] = text.split(ROW);
    return `${text}${ROW}${first.replace(from, to)}`;
  };
/** Adds a column to the last row. */
const addColumn = (name: string) => (text: string) =>
  `${text}          ${name}: {base: a, ours: b, theirs: c, choose: ours}\n`;

/** Differences from the database, which are all reported together. */
const DIFFERENCES: readonly (readonly [what: string, change: (text: string) => string, why: string])[] = [
  [
    'a very long line',
    (text) => text.replace('ours: sue', `ours: ${'x'.repeat(4_000_000)}`),
    '`ours` of items id=1, column owner',
  ],
  [
    'a number instead of text',
    (text) => text.replace('base: one', 'base: 1'),
    '`base` of items id=1, column title, differs from',
  ],
  ['1e999', (text) => text.replace('base: "1"', 'base: 1e999'), '`base` of more a=1 b=x, column n, differs from'],
  [
    'another kind of conflict',
    (text) => text.replace('kind: deleted', 'kind: changed'),
    'items id=2 is a different kind of conflict than in the file',
  ],
  ['SQL in a column', addColumn('"title` = (SELECT 1) -- "'), 'no column title` = (SELECT'],
  ['__proto__ for a column', addColumn('__proto__'), 'no column __proto__ in conflict'],
  ['rows of dolt_ignore', addRow('items', 'dolt_ignore'), 'no row of dolt_ignore is in conflict'],
  ['rows of dolt_schemas', addRow('items', 'dolt_schemas'), 'no row of dolt_schemas is in conflict'],
  ['rows of dolt_docs', addRow('items', 'dolt_docs'), 'no row of dolt_docs is in conflict'],
  ['rows of another database', addRow('items', 'mysql.user'), 'no row of mysql.user is in conflict'],
  ['SQL in a table', addRow('items', '"items` WHERE 1=1; -- "'), 'no row of items` WHERE 1=1'],
  ['SQL in a key', addRow('id: "1"', '"id` OR 1=1 -- ": "1"'), 'items id` OR 1=1 -- =1 is not in conflict'],
  ['__proto__ for a key', addRow('id: "1"', '__proto__: "1"'), 'items __proto__=1 is not in conflict'],
  ['another spelling of a key', addRow('id: "1"', 'id: 0x1'), 'items id=0x1 is not in conflict'],
  ['a row that is not in conflict', addRow('id: "1"', 'id: "9"'), 'items id=9 is not in conflict'],
];

describe('differences of a conflicts file from the database are reported together, with their lines:', () => {
  let problems: readonly Failure[];
  beforeAll(async () => {
    const text = DIFFERENCES.reduce((now, [, change]) => change(now), left.text);
    await writeFile(left.folder.file('f.yaml'), text, { mode: 0o600 });
    ({ problems } = await failureOf(() => runResolve(left, 'f.yaml')));
    await expectUntouched();
  });

  test.each(DIFFERENCES)('%s', (_, _change, why) => {
    expect(problems.filter(({ message }) => message.includes(why))).toMatchObject([
      { code: INVALID, hint: expect.stringMatching(/./), location: { line: expect.any(Number) } },
    ]);
  });

  test('and nothing else', () => {
    expect(problems).toHaveLength(DIFFERENCES.length);
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
