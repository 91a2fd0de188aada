import { expect, test } from '@jest/globals';
import { parsePathPattern } from '../../src/config/endpoint/path-pattern.ts';
import { Failure } from '../../src/core/failure.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { plain, textLiteral } from '../../src/core/text.ts';
import { classify, classifyOfRows } from '../../src/dolt/failure-text.ts';
import { canonicalAddress } from '../../src/dolt/remote-address.ts';
import { tableItems, tokensOf } from '../../src/dolt/schema/create-table.ts';
import { isReadable } from '../../src/dolt/schema/expressions.ts';
import { generatedColumns } from '../../src/dolt/schema/generated-columns.ts';
import { isIgnored } from '../../src/dolt/schema/ignored-tables.ts';
import { code, literal } from '../../src/report/markdown.ts';
import { compareValues } from '../../src/rows/compare-values.ts';
import { parseDocument } from '../../src/rows/json-text.ts';

type Work = (repeated: (text: string) => string) => unknown;

const secrets = new Secrets();
secrets.add("a-secret/of 'ours'");
const redact = (text: string): string => secrets.redact(text);

/** Texts that peers write, in the forms that a backtracking expression tries in most ways. */
const CASES: readonly (readonly [name: string, work: Work])[] = [
  ['redact: schemes', (r) => redact(r('a-'))],
  ['redact: addresses', (r) => redact(r('a://b'))],
  ['redact: tokens without parts', (r) => redact(r('-eyJaaaaaaaa'))],
  ['redact: tokens with parts', (r) => redact(r('-eyJaaaaaaaa.'))],
  ['redact: sealed requests', (r) => redact(r('single_symmetric_key_sealed_request/'))],
  ['redact: keys without an end', (r) => redact(r('-----BEGIN A PRIVATE KEY-----'))],
  ['redact: begins of keys', (r) => redact(`-----BEGIN ${r('A ')}`)],
  ['redact: spaces', (r) => redact(`token${r(' ')}`)],
  ['redact: names of secrets', (r) => redact(r('password-'))],
  ['redact: nested escapes', (r) => redact(`${r('%2')}5`)],
  ['redact: escapes that are escaped', (r) => redact(r('%25'))],
  ['redact: references', (r) => redact(`&${r('amp;')}`)],
  ['redact: backslashes', (r) => redact(r('\\'))],
  ['redact: quotes', (r) => redact(r("'"))],
  ['plain: escapes', (r) => plain(r('\u001b]8;;'))],
  ['literal text: quotes', (r) => textLiteral(r('"'))],
  ['classify: errors', (r) => classify(r('error: '))],
  ['classify: lock files', (r) => classify(r("unable to create '.lock"))],
  ['classify: locked settings', (r) => classify(r('could not lock config file '))],
  ['classify: brackets', (r) => classifyOfRows(r('['))],
  ['classify: names', (r) => classifyOfRows(r("table with same name '"))],
  ['classify: addresses', (r) => classify(r('https://a:'))],
  ['address: slashes', (r) => canonicalAddress(`https://host${r('/')}x`)],
  ['address: slashes of a file', (r) => canonicalAddress(`file://${r('/')}x`)],
  ['address: users', (r) => canonicalAddress(`ssh://${r('a@')}`)],
  ['definition: unmatched quotes', (r) => tokensOf(r("'\\"))],
  ['definition: unmatched double quotes', (r) => tokensOf(r('"\\'))],
  ['definition: unmatched backticks', (r) => tokensOf(`${r('``')}\``)],
  ['definition: columns', (r) => tableItems(`CREATE TABLE \`t\` (\n${r('  `a` int,\n')})`)],
  ['definition: a default', (r) => tableItems(`CREATE TABLE \`t\` (\n  \`a\` int DEFAULT ${r("'\\")},\n)`)],
  ['generated columns: without an end', (r) => generatedColumns(`  \`a\` int${r(' GENERATED ALWAYS AS (')}`)],
  ['generated columns: names', (r) => generatedColumns(r('  `a'))],
  ['generated columns: unmatched quotes', (r) => generatedColumns(r("'\\"))],
  ['expressions: keys', (r) => isReadable(r('KEY'), ["'"])],
  ['expressions: spaces', (r) => isReadable(`DEFAULT${r(' ')}`, ['`'])],
  ['ignored tables: many signs', (r) => isIgnored(r('a'), [{ pattern: `${'%a'.repeat(30)}b`, ignored: true }])],
  ['JSON: backslashes', (r) => parseDocument(`{"a":"${r('\\\\')}`)],
  ['JSON: digits', (r) => parseDocument(`{"a":${r('1')}x`)],
  ['numbers: zeros', (r) => compareValues(`${r('0')}.${r('0')}x`, '1', 'decimal')],
  ['Markdown: backticks', (r) => code(r('`'))],
  ['Markdown: signs', (r) => literal(r('`'))],
  ['pattern: stars', (r) => parsePathPattern(`${'*a'.repeat(40)}b`).test(r('a'))],
];

const SHORT = 25_000;
const LONG = 4 * SHORT;
/** A linear function takes four times as long, a quadratic one sixteen times; below the floor the clock decides. */
const AT_MOST = 10;
const FLOOR_MS = 5;

/** Milliseconds of CPU: other processes of a busy machine do not count. */
function timeOf(work: Work, length: number): number {
  const started = process.cpuUsage();
  try {
    work((text) => text.repeat(length / text.length));
  } catch (thrown) {
    // A refusal is an answer, too.
    if (!(thrown instanceof Failure)) throw thrown;
  }
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1_000;
}

/** The least of three times, or the first one that is short enough: until a function is compiled, it takes longer. */
function leastTime(work: Work, length: number, enough: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let left = 3; left > 0 && least >= enough; left -= 1) least = Math.min(least, timeOf(work, length));
  return least;
}

test.each(CASES)('%s: four times the text takes at most ten times as long', (_, work) => {
  const quick = AT_MOST * FLOOR_MS;
  const first = timeOf(work, LONG);
  // A quick long text is within the limit, whatever the time of the short one.
  const limit = first < quick ? quick : Math.max(AT_MOST * leastTime(work, SHORT, FLOOR_MS), quick);
  expect(first < limit ? first : leastTime(work, LONG, limit)).toBeLessThan(limit);
});

test.each(['%2F', "'a+b", '\n\u00e4'])('the memory to hide secrets does not grow with the text: %j', (unit) => {
  const text = unit.repeat(4_000_000 / unit.length);
  const before = process.resourceUsage().maxRSS;
  expect(secrets.hide(text) === text).toBe(true);
  // Before, three to seven times as much.
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(50_000);
});
