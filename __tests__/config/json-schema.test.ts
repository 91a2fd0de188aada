import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { CONFIGURATIONS, expectedProblems } from '../helpers/configurations.ts';

const SCHEMA = JSON.parse(await readFile('docs/config.schema.json', 'utf8'));
const check = new Ajv2020({ strict: false, allErrors: true }).compile(SCHEMA);

/**
 * Problems that only `validate` finds: those that compare keys with each other or with other files, that are not YAML
 * for an editor either, and warnings.
 */
const ONLY_VALIDATE: readonly string[] = [
  ...['aliases.yaml', 'bom.yaml', 'duplicate-endpoints.yaml', 'empty.yaml', 'mode.yaml', 'no-peers.yaml'],
  ...['no-push.yaml', 'not-allowed.yaml', 'patterns.yaml', 'readonly.yaml', 'two-primaries.yaml'],
];

/** Files that a YAML parser refuses, or cannot decode. */
const NO_YAML: readonly string[] = [
  ...['alias-bomb.yaml', 'duplicate-keys.yaml', 'indentation.yaml', 'latin1.yaml', 'merge-conflict.yaml', 'tabs.yaml'],
  ...['two-documents.yaml', 'unknown-alias.yaml', 'utf16.yaml', 'utf16-without-mark.yaml'],
];

const parsed = async (kind: string, name: string): Promise<unknown> =>
  parse(await readFile(join(CONFIGURATIONS, kind, name), 'utf8'));

test.each(await readdir(join(CONFIGURATIONS, 'valid')))('an editor accepts valid/%s', async (name) => {
  expect({ fits: check(await parsed('valid', name)), errors: check.errors }).toEqual({ fits: true, errors: null });
});

const READABLE = Object.keys(await expectedProblems()).filter((name) => !NO_YAML.includes(name));

test.each(READABLE.filter((name) => !ONLY_VALIDATE.includes(name)))('an editor marks invalid/%s', async (name) => {
  expect(check(await parsed('invalid', name))).toBe(false);
});

test.each(ONLY_VALIDATE)('only validate finds the problems of invalid/%s', async (name) => {
  expect(check(await parsed('invalid', name))).toBe(true);
});

test.each([
  ['an unknown flat key', { 'federation.twon': 'a' }],
  ['an unknown flat key of a peer', { 'federation.peers.a.rolle': 'peer' }],
  ['a reserved name in flat form', { 'federation.peers.main': 'file:///a' }],
  ['an unknown value', { 'federation.attribution': 'stamps' }],
  ['an invalid flat value', { 'federation.dirty': 'never' }],
  ['a password', { federation: { remote: 'https://u:p@h/a' } }],
  ['a guard that beads reads as false', { 'no-push': 'yes' }],
])('an editor marks %s', (_, value) => {
  expect(check(value)).toBe(false);
});

test('every key has a description', () => {
  const keys = Object.entries<Record<string, unknown>>(SCHEMA.$defs).filter(([name]) => name !== 'peer');
  expect(keys.length).toBeGreaterThan(15);
  expect(keys.filter(([, { description }]) => typeof description !== 'string')).toEqual([]);
});
