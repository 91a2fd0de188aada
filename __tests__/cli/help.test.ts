import { describe, expect, test } from '@jest/globals';
import { COMMANDS, type CommandEntry } from '../../src/contract/commands.ts';
import type { OptionEntry } from '../../src/contract/option-entry.ts';
import { OPTIONS } from '../../src/contract/options.ts';
import { TOPIC_NAMES } from '../../src/frontends/cli/help.ts';
import { parseArgv } from '../../src/frontends/cli/parse-argv.ts';

function printed(...argv: string[]): string {
  const invocation = parseArgv(argv);
  if (invocation.kind === 'run') throw new Error(`runs ${invocation.parsed.command}`);
  return invocation.text;
}

/** Help without the line breaks that the width of a terminal causes. */
const unwrapped = (text: string): string => text.replace(/\s+/g, ' ');

const commands = Object.entries<CommandEntry>(COMMANDS);

describe('the help follows from the tables', () => {
  test.each([['--help'], ['-h'], ['help']])('%s names every command and common flag', (word) => {
    const text = unwrapped(printed(word));
    for (const [name, entry] of commands) {
      const [group = name, member] = name.split(' ');
      expect(text).toContain(group);
      if (member === undefined) expect(text).toContain(entry.summary);
    }
    for (const flag of ['--json', '--quiet', '--verbose', '--no-color', '--help', '--version']) {
      expect(text).toContain(flag);
    }
  });

  test.each(commands)('%s --help names its arguments and options', (name, entry) => {
    const text = unwrapped(printed(...name.split(' '), '--help'));
    expect(text).toContain(entry.summary);
    for (const argument of entry.arguments) expect(text).toContain(argument.description);
    for (const option of entry.options) {
      const { description, choices, type, default: value }: OptionEntry = OPTIONS[option];
      expect(text).toContain(type === 'flag' && value === 'true' ? `--no-${option}` : `--${option}`);
      expect(text).toContain(description.replaceAll('`', '').slice(1));
      expect(text).toContain((choices ?? []).join(', '));
    }
    expect(text).toContain('--json');
  });

  test('an option is not in the help of a command that does not take it', () => {
    expect(printed('install', '--help')).not.toContain('--branch');
  });

  test('config --help and help config name list and get', () => {
    for (const argv of [
      ['config', '--help'],
      ['help', 'config'],
    ]) {
      const text = printed(...argv);
      expect(text).toContain('list [options]');
      expect(text).toContain('get [options] <key>');
    }
  });

  test('the default of dolt-source is auto only for the demo', () => {
    expect(unwrapped(printed('demo', '--help'))).toContain('default: auto');
    expect(unwrapped(printed('install', '--help'))).toContain('default: release');
  });

  test.each([['config', 'get'], ['add-peer'], ['sync']])('help %s %s prints the help of that command', (...words) => {
    expect(printed('help', ...words)).toBe(printed(...words, '--help'));
  });

  test.each(TOPIC_NAMES)('help %s fits into 80 columns', (topic) => {
    const text = printed('help', topic);
    expect(text.split('\n').length).toBeGreaterThan(10);
    const prose = text.split('\n').filter((line) => !/^ {4}/.test(line));
    // A single word may be longer.
    expect(prose.filter((line) => line.length > 80 && line.trim().includes(' '))).toEqual([]);
    expect(prose.filter((line) => /`|\]\(|<!--|\|/.test(line))).toEqual([]);
    expect(printed('help', ...topic.split('-'))).toBe(text);
  });

  test('help for a topic prints its page', () => {
    expect(printed('help', 'exit-codes')).toContain('interrupted (SIGINT)');
    expect(unwrapped(printed('help', 'credentials'))).toContain('Each secret is masked in the log of the step.');
    expect(unwrapped(printed('help', 'endpoints'))).toContain('git@host:path');
    expect(unwrapped(printed('help', 'configuration'))).toContain('BD_FEDERATION_SOVEREIGNTY');
  });
});
