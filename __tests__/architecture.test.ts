import { dirname } from 'node:path/posix';
import { describe, expect, test } from '@jest/globals';
import { GROUPS, groupOf } from '../scripts/closure-groups.mjs';
import { lineCounts, type Source, sources, texts } from './helpers/source-tree.ts';

/** The folders that each folder of src may import; entry points are the files of src itself. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'entry points': ['frontends', 'core'],
  frontends: ['commands', 'resolve', 'report', 'dolt', 'egress', 'github', 'caches', 'core', 'contract'],
  commands: [
    'backup',
    'config',
    'credentials',
    'install',
    'sync',
    'resolve',
    'report',
    'beads',
    'jsonl',
    'dolt',
    'egress',
    'github',
    'caches',
    'core',
    'contract',
  ],
  backup: ['sync', 'config', 'dolt', 'egress', 'core', 'contract'],
  resolve: ['sync', 'rows', 'config', 'dolt', 'core', 'contract'],
  sync: ['config', 'rows', 'dolt', 'egress', 'core', 'contract'],
  rows: ['dolt', 'core', 'contract'],
  jsonl: ['dolt', 'core', 'contract'],
  install: ['dolt', 'egress', 'caches', 'core', 'contract'],
  credentials: ['config', 'dolt', 'egress', 'core', 'contract'],
  config: ['core', 'contract'],
  beads: ['config', 'rows', 'dolt', 'core', 'contract'],
  report: ['core', 'contract'],
  dolt: ['egress', 'core', 'contract'],
  egress: ['core', 'contract'],
  github: ['egress', 'core', 'contract'],
  caches: ['egress', 'core', 'contract'],
  core: ['contract'],
  contract: [],
};

/** The only files that may import a package, and why. */
const OWNERS: readonly [RegExp, readonly string[], string][] = [
  [/^@actions\/core$/, ['frontends/action/', 'main.ts', 'post.ts'], 'it speaks to the runner'],
  [/^@actions\/tool-cache$/, ['install/'], 'it runs programs of its own'],
  [/^(?:execa|(?:node:)?child_process)$/, ['dolt/process.ts'], 'it starts processes'],
  [/^mysql2/, ['dolt/'], 'it speaks to the engine'],
  [/^tar$/, ['caches/'], 'it unpacks what others stored'],
  [/^commander$/, ['frontends/cli/'], 'it reads argv'],
];

/** System tables and functions of Dolt that read the rows of several commits, as a statement names them. */
const ROW_READERS = /\bdolt_(?:(?:commit_|column_)?diff(?!_summary)|history_|blame_|workspace_)/i;
/** Statements for a person: their revisions are values, and no parameters. */
const PRINTED = /dolt_diff\((?:'|…)|columns hide those of dolt_diff$/;

/** A longer file contains several ideas. Tables of data are exempt. */
const MAX_LINES = 350;
const TABLES: readonly string[] = [
  'src/contract/options.ts',
  'src/contract/result.ts',
  'src/dolt/failure-text.ts',
  'src/frontends/cli/topics.generated.ts',
];

/** A folder with more files holds several kinds. */
const MAX_FILES = 22;

/** `demo` makes a quiet context for the syncs in it. */
const SPREADS_CONTEXT: readonly string[] = ['src/commands/demo.ts'];

const SOURCES = sources('src');

const folderOf = (path: string) => /^src\/([^/]+)\//.exec(path)?.[1] ?? 'entry points';
const below = (path: string) => path.slice('src/'.length);

describe('the layout', () => {
  test('covers all of src and its entry points', () => {
    expect(SOURCES.length).toBeGreaterThan(100);
    expect(SOURCES.filter(({ path }) => folderOf(path) === 'entry points').map(({ path }) => below(path))).toEqual(
      expect.arrayContaining(['main.ts', 'post.ts', 'cli.ts']),
    );
  });

  test('imports follow the allowed directions', () => {
    const wrong = SOURCES.flatMap(({ path, imports }) =>
      imports.flatMap(({ file }) => {
        if (file === null || file === 'package.json') return [];
        const [from, to] = [folderOf(path), folderOf(file)];
        return from === to || IMPORTS[from]?.includes(to) === true ? [] : [`${path} imports ${file}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('no import cycle exists', () => {
    expect(SOURCES.filter(({ path }) => reaches(path, path)).map(({ path }) => path)).toEqual([]);
  });

  test('the command line does not load the Actions cache', () => {
    const cache = SOURCES.filter(({ path }) => folderOf(path) === 'caches').map(({ path }) => path);
    expect(cache).toContain('src/caches/actions-cache.ts');
    expect(cache.filter((path) => reaches('src/cli.ts', path))).toEqual([]);
    expect(reaches('src/main.ts', 'src/caches/actions-cache.ts')).toBe(true);
  });

  test.each(OWNERS)('%s may be imported only by %j', (name, owners) => {
    const users = SOURCES.filter(({ imports }) => imports.some(({ from }) => name.test(from)));
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter(({ path }) => !owners.some((owner) => below(path).startsWith(owner)))).toEqual([]);
  });

  test('the context of a command or of a sync is passed whole and never spread', () => {
    const spread = SOURCES.filter(({ spreads }) =>
      spreads.some((name) => /(?:^|\.)(?:context|syncContext)$/.test(name)),
    );
    expect(spread.map(({ path }) => path)).toEqual(SPREADS_CONTEXT);
  });

  test("only the methods of a peer's progress change it", () => {
    const progress = SOURCES.find(({ path }) => path === 'src/sync/peer-progress.ts');
    const fields = (progress?.assigned ?? []).map((name) => name.replace(/^this\./, ''));
    expect(fields).toEqual(expect.arrayContaining(['failure', 'verified', 'head', 'state', 'conflicts']));
    const writers = SOURCES.filter(({ path, imports }) =>
      imports.some(({ file }) => file === progress?.path && path !== progress?.path),
    );
    const written = writers.flatMap(({ path, assigned }) =>
      // Any variable counts, because its name may change.
      assigned
        .filter((name) => fields.includes(name.replace(/^(?!this\.)[^.]*\./, '')))
        .map((name) => `${path}: ${name}`),
    );
    expect(written).toEqual([]);
  });

  test('only one file reads process.env', () => {
    expect(SOURCES.filter((source) => source.readsEnvironment).map(({ path }) => path)).toEqual(['src/core/env.ts']);
  });
});

test('only one file reads rows that differ: for some tables such a statement ends the server of a user', () => {
  const all = ['dolt_', 'DOLT_'].flatMap((word) => texts('src', word));
  const named = all.filter(({ text }) => ROW_READERS.test(text) && !PRINTED.test(text));
  expect(new Set(named.map(({ path }) => path))).toEqual(new Set(['src/dolt/sql/differences.ts']));
  // Of a definition, and no row.
  const definitions = texts('src', 'dolt_patch').filter(({ text }) => /FROM dolt_patch\(/.test(text));
  expect(definitions).toMatchObject([{ text: expect.stringMatching(/WHERE diff_type = 'schema'$/) }]);
});

test('every file has a group in `npm run closure`', () => {
  expect(new Set(SOURCES.map(({ path }) => groupOf(path)))).toEqual(new Set(GROUPS.map(({ name }) => name)));
  expect(() => groupOf('src/new/file.ts')).toThrow('in no group');
});

test(`no file has more than ${MAX_LINES} lines, except tables of data`, () => {
  const files = ['src', 'scripts', 'bench', '__tests__'].flatMap(lineCounts);
  const long = files.filter(({ path, lines }) => lines > MAX_LINES && !TABLES.includes(path));
  expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
});

test(`no folder has more than ${MAX_FILES} files`, () => {
  const counts = new Map<string, number>();
  for (const { path } of SOURCES) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > MAX_FILES)).toEqual([]);
});

/** Whether a file is imported, at run time, by what it imports itself. */
function reaches(start: string, wanted: string): boolean {
  const seen = new Set<string>();
  const open = [start];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (const { file } of importsOf(path)) {
      if (file === wanted) return true;
      if (file === null || seen.has(file)) continue;
      seen.add(file);
      open.push(file);
    }
  }
  return false;
}

function importsOf(path: string): Source['imports'] {
  return SOURCES.find((source) => source.path === path)?.imports.filter(({ typeOnly }) => !typeOnly) ?? [];
}
