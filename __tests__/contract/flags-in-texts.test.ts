import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { PEER_KEYS, sectionKeys } from '../../src/config/known-keys.ts';
import { COMMANDS } from '../../src/contract/commands.ts';
import { ERRORS } from '../../src/contract/error-codes.ts';
import type { OptionEntry } from '../../src/contract/option-entry.ts';
import { OPTIONS } from '../../src/contract/options.ts';
import { PEER_OPTIONS } from '../../src/contract/peer-options.ts';
import { hintFor } from '../../src/core/text.ts';
import { rewordForStep } from '../../src/frontends/action/reword-for-step.ts';
import { writtenFiles } from '../helpers/source-tree.ts';

const inputWords = rewordForStep({});
const ENTRIES: Readonly<Record<string, OptionEntry>> = OPTIONS;
/** Words that are also keys of a peer, of credentials or of beads, or columns of a result. */
const OTHER_WORDS = ['branch', 'config', 'credentials', 'database', 'dirty', 'file', 'name', 'peers', 'remote', 'save'];
const BARE = Object.keys(ENTRIES)
  .filter((name) => !Object.hasOwn(PEER_OPTIONS, name) && ENTRIES[name]?.frontends.includes('cli'))
  .filter((name) => !OTHER_WORDS.includes(name) && !['timeout', 'endpoint', 'register'].includes(name));

/** Texts in backquotes. */
const quoted = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, inner = '']) => inner);

/** The texts in backquotes in the strings and templates of a line of source. */
function quotedInStrings(line: string): string[] {
  const strings = [...line.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)].flatMap(([, a = '', b = '']) => [
    a,
    b,
  ]);
  const inTemplates = [...line.matchAll(/\\`((?:[^`\\]|\\[^`])+)\\`/g)].map(([, inner = '']) => inner);
  return [...strings.flatMap(quoted), ...inTemplates];
}

/** The lines of each source file that are not comments. */
const LINES = writtenFiles('src').map((file) => {
  const lines = readFileSync(file, 'utf8').split('\n');
  return { file, lines: lines.filter((line) => !/^\s*(?:\*|\/\/|\/\*)/.test(line)) };
});

describe('the options in hints and messages', () => {
  test('are written as flags, which the Action turns into inputs', () => {
    const wrong: string[] = [];
    for (const { file, lines } of LINES) {
      // Descriptions of options and outputs are read in both frontends.
      if (/contract\/(?:dolt-|peer-)?(?:options|outputs)\.ts$/.test(file)) continue;
      for (const line of lines) {
        const words = quotedInStrings(line).map((text) => text.split(/[: ]/)[0] ?? '');
        wrong.push(...words.filter((word) => BARE.includes(word)).map((word) => `${file}: ${word}`));
        if (/flag or input|input \\?`(?!allow-|only|peers|working-directory)/.test(line))
          wrong.push(`${file}: ${line.trim()}`);
      }
    }
    expect(LINES.length).toBeGreaterThan(200);
    expect(wrong).toEqual([]);
  });

  test.each(Object.entries(ERRORS))('exist as flags, commands and keys: %s', (_, { title, hint }) => {
    for (const text of quoted(`${title}\n${hint}`)) {
      // `--depth` belongs to `dolt clone`.
      const [, flag] = /^--(?!depth)(?:no-)?([a-z0-9-]+)/.exec(text) ?? [];
      if (flag !== undefined) expect(Object.keys(ENTRIES)).toContain(flag);
      const [, command] = /^dolt-federation ([a-z][a-z-]*)/.exec(text) ?? [];
      if (command !== undefined) expect([...Object.keys(COMMANDS), 'help']).toContain(command);
      const [, section = '', key = '', peerKey] =
        /^(sync|federation|conflict)\.([a-z_-]+)(?:\.(?:<peer>\.)?([a-z-]+))?/.exec(text) ?? [];
      if (key !== '') expect(keysOf(section)).toContain(key);
      if (key === 'peers' && peerKey !== undefined) expect(Object.keys(PEER_KEYS)).toContain(peerKey);
    }
  });

  test.each([
    ['Give it with `--database`.', 'Give it with `database`.'],
    ['Name it: `--adopt box=abc`.', 'Name it: `adopt: box=abc`.'],
    ['`--no-init-empty` refuses', '`init-empty: false` refuses'],
    ['`--dolt-source build`, `--dolt-path`', '`dolt-source: build`, `dolt-path`'],
    ['run `dolt-federation sync --adopt box=abc`', 'run `dolt-federation sync --adopt box=abc`'],
    ['`--save`, `--file` and `dolt clone --depth`', '`--save`, `--file` and `dolt clone --depth`'],
    ['Raise --timeout', 'Raise --timeout'],
  ])('become inputs in the Action: %s: %s', (text, shown) => {
    expect(inputWords(text)).toBe(shown);
    expect(inputWords(shown)).toBe(shown);
  });

  test('are next to a link to the page of a topic in the Action', () => {
    const text = 'Give it (`dolt-federation help exit-codes`), or `dolt-federation help sync`.';
    const env = { GITHUB_ACTION_REPOSITORY: 'acme/dolt-federation', GITHUB_ACTION_REF: 'v1' };
    const shown = (page: string) => `Give it (${page}), or \`dolt-federation help sync\`.`;
    const path = 'acme/dolt-federation/blob/v1/docs/commands.md#exit-codes';
    expect(rewordForStep(env)(text)).toBe(shown(`https://github.com/${path}`));
    expect(rewordForStep({ ...env, GITHUB_SERVER_URL: 'https://git.example' })(text)).toBe(
      shown(`https://git.example/${path}`),
    );
    expect(rewordForStep({})(text)).toBe(shown('docs/commands.md#exit-codes of dolt-federation'));
  });

  test('are never next to the path of a page in this repository, which a user does not have', () => {
    const named: string[] = [];
    for (const { file, lines } of LINES) {
      for (const line of lines) if (/['"`(\s]docs\/[a-z-]+\.md/.test(line)) named.push(`${file}: ${line}`);
    }
    expect(named).toEqual([]);
  });

  test('name the key of a peer; the primary of `federation.remote` has none', () => {
    const hint = 'list `deletion` in `federation.peers.<peer>.accept`';
    expect(hintFor('box', hint)).toBe('list `deletion` in `federation.peers.box.accept`');
    expect(hintFor('origin', hint)).toBe(hint);
    expect(hintFor(null, hint)).toBe(hint);
  });
});

function keysOf(section: string): string[] {
  const found = (['sync', 'federation', 'conflict'] as const).find((name) => name === section);
  return found === undefined ? [] : Object.keys(sectionKeys(found));
}
