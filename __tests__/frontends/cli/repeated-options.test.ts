import { describe, expect, test } from '@jest/globals';
import { COMMAND_NAMES, COMMANDS, type CommandEntry } from '../../../src/contract/commands.ts';
import { isList, type OptionEntry } from '../../../src/contract/option-entry.ts';
import { OPTIONS, type OptionName } from '../../../src/contract/options.ts';
import { PEER_SETTING_NAMES, PEER_SETTINGS } from '../../../src/contract/peer-options.ts';
import { parsed, prepared } from '../../helpers/command-line.ts';
import { HEAD } from '../../helpers/results.ts';

const words = (line: string): string[] => line.split(' ');
const parse = (line: string) => parsed(words(line)).parsed;
const request = (line: string) => prepared(words(line)).request;

const NAMES = Object.keys(OPTIONS) as OptionName[];
const [ONE, OTHER] = [`a=${HEAD}`, `b=${HEAD}`];

interface ListCase {
  readonly command: string;
  readonly lists: readonly [string, string];
}

const LISTS: ReadonlyMap<OptionName, ListCase> = new Map<OptionName, ListCase>([
  ['only-role', { command: 'sync', lists: ['peer', 'backup,archive'] }],
  ['force-with-lease', { command: 'sync', lists: [ONE, OTHER] }],
  ['adopt', { command: 'sync', lists: [ONE, OTHER] }],
  ['merge-rewritten', { command: 'sync', lists: [ONE, OTHER] }],
  ['discard-local', { command: 'sync', lists: [HEAD, '0123456789abcdefghijklmnopqrstuv'] }],
  ['fail-on-change', { command: 'validate', lists: ['new-host', 'tier-lowered'] }],
  ['accept', { command: 'set-peer far', lists: ['future,events', 'deletion'] }],
  ['trust', { command: 'set-peer far', lists: ['a*', 'b*'] }],
  ['allowed-hosts', { command: 'set-peer far', lists: ['a.example', 'b.example'] }],
  ['unset', { command: 'set-peer far', lists: ['role', 'tier'] }],
]);

describe('an option whose value is a list', () => {
  test('says so, and is in the table of this test', () => {
    const lists = NAMES.filter((name) => isList(OPTIONS[name]));
    expect(lists).toEqual(NAMES.filter((name) => OPTIONS[name].description.includes('separated by commas')));
    const ofPeers = PEER_SETTING_NAMES.filter((name) => PEER_SETTINGS[name].form === 'list');
    expect(lists.filter((name) => PEER_SETTING_NAMES.some((one) => one === name))).toEqual(ofPeers);
    const ofCli = lists.filter((name) => OPTIONS[name].frontends.some((frontend) => frontend === 'cli'));
    expect(ofCli.sort()).toEqual([...LISTS.keys()].sort());
  });

  test.each([...LISTS])('is one list if it is given twice: --%s', (name, { command, lists: [one, other] }) => {
    const united = request(`${command} --${name} ${one},${other}`);
    expect(request(`${command} --${name} ${one} --${name}=${other}`)).toEqual(united);
  });

  test.each([...LISTS])('needs a value each time: --%s', (name, { command, lists: [one] }) => {
    for (const stray of ['--stray', '']) {
      const given = [`--${name}`, one, `--${name}`, stray];
      expect(() => prepared([...words(command), ...given])).toThrow(`--${name} needs a value`);
      expect(() => prepared([...words(command), ...given.slice(2), ...given.slice(0, 2)])).toThrow(
        `--${name} needs a value`,
      );
    }
  });
});

test('a peer cannot be named by two values of a lease', () => {
  expect(() => request(`push --force-with-lease ${ONE} --force-with-lease a=${'1'.repeat(32)}`)).toThrow(
    'a is named twice',
  );
});

test.each(COMMAND_NAMES)('no other option of %s has two values', (command) => {
  const { options, arguments: operands }: CommandEntry = COMMANDS[command];
  const line = [command, ...operands.map(() => 'x')].join(' ');
  for (const name of options) {
    const { type, default: standard, ...entry }: OptionEntry = OPTIONS[name];
    const refused = `--${name} is set twice with different values`;
    if (type === 'flag') {
      expect(parse(`${line} --${name} --${name}`).flags).toEqual(parse(`${line} --${name}`).flags);
      if (standard !== 'true') continue;
      expect(() => parse(`${line} --${name} --no-${name}`)).toThrow(refused);
      expect(() => parse(`${line} --no-${name} --${name}`)).toThrow(refused);
    } else if (!isList({ ...entry, type })) {
      expect(parse(`${line} --${name} x --${name}=x`).flags).toEqual(parse(`${line} --${name} x`).flags);
      expect(() => parse(`${line} --${name} x --${name} y`)).toThrow(refused);
    }
  }
});

describe('an option of every command', () => {
  test.each([
    ['-C a sync -C b', '--working-directory'],
    ['sync --working-directory a -C b', '--working-directory'],
    ['--color always sync --no-color', '--color'],
    ['--no-color sync --color auto', '--color'],
    ['--color always sync --color never', '--color'],
  ])('has one value: %s', (line, name) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ code: 'bad-usage' }));
    expect(() => parse(line)).toThrow(`${name} is set twice with different values`);
  });

  test.each(['--no-color sync --color never', 'sync -qq --json --json -C a -C a', 'sync --color never --no-color'])(
    'may be repeated: %s',
    (line) => {
      expect(parse(line).command).toBe('sync');
    },
  );
});
