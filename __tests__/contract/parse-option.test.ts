import { describe, expect, test } from '@jest/globals';
import type { OptionName } from '../../src/contract/options.ts';
import { defaultText, parseOption } from '../../src/contract/parse-option.ts';
import { Failure } from '../../src/core/failure.ts';
import { inputValue } from '../../src/frontends/action/inputs.ts';
import { optionValue } from '../../src/frontends/cli/raw-request.ts';

/** The value that a frontend reads from a text, or its refusal. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'bad-usage') return 'refused';
    throw thrown;
  }
}

const CASES: readonly [OptionName, string, unknown][] = [
  ['retries', '0', 0],
  ['retries', '7', 7],
  ['retries', ' 7 ', 7],
  ['retries', '007', 'refused'],
  ['retries', '00', 'refused'],
  ['retries', '+7', 'refused'],
  ['retries', '-1', 'refused'],
  ['retries', '1.5', 'refused'],
  ['retries', '1e3', 'refused'],
  ['retries', '0x10', 'refused'],
  ['retries', '７', 'refused'],
  ['retries', '999999999', 999_999_999],
  ['retries', '9999999999', 'refused'],
  ['parallel', '0', 'refused'],
  ['parallel', '1', 1],
  ['max-delete', '100', 100],
  ['max-delete', '101', 'refused'],
  ['max-delete', '50%', 'refused'],
  ['max-delete', '050', 'refused'],
  ['timeout', '90s', 90_000],
  ['timeout', ' 10m', 600_000],
  ['timeout', '90', 'refused'],
  ['timeout', '0s', 'refused'],
  ['timeout', '090s', 'refused'],
  ['timeout', '90S', 'refused'],
  ['timeout', '25d', 'refused'],
  ['fail-on', 'PRIMARY', 'primary'],
  ['fail-on', ' none ', 'none'],
  ['fail-on', 'some', 'refused'],
  ['fail-on', 'any, none', 'refused'],
  ['sovereignty', 't3', 'T3'],
  ['sync-mode', 'Dolt-Native', 'dolt-native'],
  ['report-values', 'all', 'refused'],
  ['dry-run', 'true', true],
  ['dry-run', 'True', true],
  ['dry-run', ' FALSE ', false],
  ['dry-run', 'tRUE', 'refused'],
  ['dry-run', 'yes', 'refused'],
  ['dry-run', '1', 'refused'],
  ['branch', 'work/a', 'work/a'],
  ['database', 'a folder', 'a folder'],
];

describe('both frontends parse a text in the same way', () => {
  test.each(CASES)('%s %j', (name, text, expected) => {
    expect({
      action: outcome(() => inputValue(name, text)),
      cli: outcome(() => optionValue(name, text)),
    }).toEqual({ action: expected, cli: expected });
  });

  test.each<[OptionName, unknown]>([
    ['retries', 3],
    ['timeout', 600_000],
    ['fail-on', 'any'],
    ['init-empty', true],
    ['sovereignty', undefined],
    ['database', undefined],
    ['credentials', undefined],
  ])('%s has its default if it is not given', (name, expected) => {
    expect({ action: inputValue(name, ''), cli: optionValue(name, undefined) }).toEqual({
      action: expected,
      cli: expected,
    });
  });

  test('a space is an unset input, and a missing value of a flag', () => {
    expect([outcome(() => inputValue('branch', ' ')), outcome(() => optionValue('branch', ' '))]).toEqual([
      undefined,
      'refused',
    ]);
  });

  test('each frontend words the refusal for its users', () => {
    const [allowed, example] = ['a whole number of at least 0, written without leading zeros', '3'];
    expect(parseOption('retries', '007')).toEqual({ ok: false, allowed, example });
    expect(() => inputValue('retries', '007')).toThrow(`the input retries is "007", but must be ${allowed}`);
    expect(() => optionValue('retries', '007')).toThrow(`--retries is '007', but must be ${allowed}`);
  });
});

test('a secret has no default that only the runner can read', () => {
  expect([defaultText('github-token'), defaultText('remote'), defaultText('retries')]).toEqual([
    undefined,
    undefined,
    '3',
  ]);
});
