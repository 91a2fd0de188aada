import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../../src/contract/commands.ts';
import { ERRORS } from '../../../src/contract/error-codes.ts';
import { completeCommands } from '../../../src/frontends/cli/printed-commands.ts';
import { TOPICS } from '../../../src/frontends/cli/topics.generated.ts';
import { parsed } from '../../helpers/command-line.ts';
import { texts } from '../../helpers/source-tree.ts';

const SYNC = parsed([
  'sync',
  '--config',
  'a b.yaml',
  '--database',
  'local',
  '--retries',
  '1',
  '--allow-insecure',
]).parsed;

describe('a printed command', () => {
  test.each([
    [
      'run `dolt-federation resolve` to decide',
      "run `dolt-federation resolve --config 'a b.yaml' --database local --allow-insecure` to decide",
    ],
    [
      'then run: dolt-federation resolve --file /c.yaml',
      "then run: dolt-federation resolve --config 'a b.yaml' --database local --allow-insecure --file /c.yaml",
    ],
    [
      '`dolt-federation sync --database other`',
      "`dolt-federation sync --config 'a b.yaml' --allow-insecure --database other`",
    ],
    ['`dolt-federation config list`', "`dolt-federation config list --config 'a b.yaml' --allow-insecure`"],
    [
      '`dolt-federation remove-peer <name>`',
      "`dolt-federation remove-peer --config 'a b.yaml' --database local <name>`",
    ],
    ['`dolt-federation --help`', '`dolt-federation --help`'],
    ['dolt-federation sync: unchanged', 'dolt-federation sync: unchanged'],
    ['`dolt-federation nonsense`', '`dolt-federation nonsense`'],
    ['`dolt push`', '`dolt push`'],
  ])('repeats the given options: %s', (text, expected) => {
    expect(completeCommands(text, SYNC)).toBe(expected);
  });

  test.each([
    ['`dolt-federation sync`', "`dolt-federation -C '/srv/a b' sync --config x.yaml`"],
    ['`dolt-federation config set k v`', "`dolt-federation -C '/srv/a b' config set --config x.yaml k v`"],
    ['`dolt-federation install`', "`dolt-federation -C '/srv/a b' install`"],
    ['`dolt-federation completion bash`', '`dolt-federation completion bash`'],
    ['`dolt-federation help credentials`', '`dolt-federation help credentials`'],
  ])('%s starts in the folder of -C, from which --config is read', (text, expected) => {
    const words = ['-C', '/srv/a b', 'status', '--config', 'x.yaml'];
    expect(completeCommands(text, parsed(words).parsed)).toBe(expected);
  });

  test('is unchanged without given options', () => {
    expect(completeCommands('`dolt-federation sync`', parsed(['sync']).parsed)).toBe('`dolt-federation sync`');
  });
});

/** Every line of shell that starts with our name: in backquotes, after `run:`, and in blocks of the documentation. */
function commandsIn(text: string): string[] {
  const quoted = [...text.matchAll(/`(dolt-federation [^`\n$@]*)`/g)].map(([, line = '']) => line);
  const blocks = [...text.matchAll(/```(?:sh|bash|console)\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.split('\n').flatMap((line) => /^(?:\$ )?(dolt-federation .*)$/.exec(line)?.[1] ?? []),
  );
  return [...quoted, ...blocks];
}

/** A command line with values for its placeholders, as words. */
function wordsOf(line: string): string[] {
  return line
    .replace(/\s+[#|>] .*$/, '')
    .replaceAll('<name>', 'partner')
    .replaceAll('<endpoint>', 'file:///srv/box')
    .replaceAll(/<[a-z-]+>/g, 'sync')
    .replaceAll(' … ', ' partner ')
    .replaceAll('…', '')
    .replace(/ \[[^\]]*\]/g, '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(1);
}

describe('every command that is printed or documented', () => {
  const documents = [
    'README.md',
    ...readdirSync('docs')
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  const all = [
    ...Object.entries(ERRORS).map(([code, { hint }]) => [code, hint] as const),
    ...texts('src', 'dolt-federation').map(({ path, text }) => [path, text] as const),
    ...documents.map((path) => [path, readFileSync(path, 'utf8')] as const),
  ].flatMap(([place, text]) => commandsIn(text).map((line) => [line, place] as const));

  test('exists in the source and in the documentation', () => {
    expect(all.length).toBeGreaterThan(30);
  });

  test.each([...new Map(all)])('is accepted by this version: %s (%s)', (line) => {
    const words = wordsOf(line);
    if (words.some((word) => word === '--help' || word === '--version')) return expect(words.length).toBeGreaterThan(0);
    if (words[0] === 'help') return expect({ ...COMMANDS, ...TOPICS }).toHaveProperty(words[1] ?? '');
    // A text may only name a command, without what it needs.
    if (Object.hasOwn(COMMANDS, words.join(' '))) return expect(words.length).toBeLessThanOrEqual(2);
    // An option is often named without its value.
    const last = words.at(-1) ?? '';
    const complete = /^--(?:file|config|database|dolt-path|report-values)$/.test(last) ? [...words, 'full'] : words;
    expect(parsed(complete).parsed.command).not.toBe('');
  });
});
