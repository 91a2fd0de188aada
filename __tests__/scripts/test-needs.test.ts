import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { PROGRAM_VARIABLES } from '../../scripts/setup.mjs';
import { needsOf, PROJECTS, projectOf, reachedFrom, STARTERS, testFiles } from '../../scripts/test-needs.mjs';
import { sources } from '../helpers/source-tree.ts';

const DOLT = 'DOLT_FEDERATION_TEST_DOLT';
const FILES = testFiles();
const TREE = new Map(sources('__tests__').map((source) => [source.path, source]));

/** The test files that a file reaches, by its syntax tree. */
function reachedByTree(file: string): Set<string> {
  const reached = new Set([file]);
  for (const each of reached) {
    for (const { file: imported, typeOnly } of TREE.get(each)?.imports ?? []) {
      if (!typeOnly && imported !== null && TREE.has(imported)) reached.add(imported);
    }
  }
  return reached;
}

describe('the project of a test', () => {
  test('covers each of the six for some file', () => {
    expect(new Set(FILES.map(projectOf))).toEqual(new Set(PROJECTS));
    expect(projectOf('__tests__/core/redact.test.ts')).toBe('unit');
    expect(projectOf('__tests__/config/mutations.test.ts')).toBe('large');
    expect(projectOf('__tests__/cli/entry.test.ts')).toBe('processes');
    expect(projectOf('__tests__/commands/prepare/bd/stop-bd.test.ts')).toBe('processes');
    expect(projectOf('__tests__/hostile/user-servers.test.ts')).toBe('processes');
    expect(projectOf('__tests__/github/labels.test.ts')).toBe('processes');
    expect(STARTERS.filter((name) => !existsSync(`src/${name}.ts`))).toEqual([]);
    expect(projectOf('__tests__/sync/merge/fold.test.ts')).toBe('dolt');
    expect(projectOf('__tests__/endpoints/matrix.test.ts')).toBe('servers');
    expect(projectOf('__tests__/faults/network.test.ts')).toBe('faults');
  });

  test('follows from all imports in the syntax tree', () => {
    for (const file of FILES) {
      const missed = [...reachedByTree(file)].filter((path) => !reachedFrom(file).has(path));
      expect({ file, missed }).toEqual({ file, missed: [] });
    }
  });

  test('is unit, large or processes only if no helper uses or starts a program', () => {
    const helpers = [...TREE.keys()].filter((path) => path.startsWith('__tests__/helpers/') && needsOf(path).size > 0);
    expect(helpers).toEqual(expect.arrayContaining(['__tests__/helpers/dolt-binary.ts']));
    for (const file of FILES.filter((path) => ['unit', 'large', 'processes'].includes(projectOf(path)))) {
      expect({ file, found: helpers.filter((helper) => reachedByTree(file).has(helper)) }).toEqual({ file, found: [] });
    }
  });

  test('is decided only by helpers: no test reads the variable of a program', () => {
    const reading = [...TREE.keys()].filter((path) => {
      const text = readFileSync(path, 'utf8');
      return /readEnv\(\)\[['"`]DOLT_FEDERATION_TEST_|env\[['"`]DOLT_FEDERATION_TEST_/.test(text);
    });
    expect(reading).toEqual([]);
  });
});

describe('the programs that a test needs', () => {
  test('are provided by the set-up', () => {
    for (const file of FILES) {
      const unknown = [...needsOf(file)].filter((variable) => !PROGRAM_VARIABLES.includes(variable));
      expect({ file, unknown }).toEqual({ file, unknown: [] });
    }
  });

  test('include the servers of its helpers, and no program outside the tests and benches', () => {
    expect([...needsOf('__tests__/servers/aws.test.ts')].sort()).toEqual([DOLT, 'DOLT_FEDERATION_TEST_VERSITYGW']);
    expect([...needsOf('bench/export.ts')].sort()).toEqual([
      'DOLT_FEDERATION_TEST_BD',
      DOLT,
      'DOLT_FEDERATION_TEST_GIT',
    ]);
    expect(needsOf('bench/validate.ts')).toEqual(new Set());
    expect(needsOf('src/main.ts')).toEqual(new Set());
  });
});

test('random cases have a seed: only the helper that sets it imports fast-check', () => {
  const importing = [...TREE.values()].filter(({ imports }) => imports.some(({ from }) => from === 'fast-check'));
  expect(importing.map(({ path }) => path)).toEqual(['__tests__/helpers/property.ts']);
});
