import { parsedJson } from '../core/json.ts';
import type { Cells } from '../dolt/sql/cell.ts';
import { compactJson } from './compact-json.ts';
import { type ExportedIssue, FIELDS, type Field } from './fields.ts';
import { importProblem, type KnownWords, MAX_LINE_BYTES, TOO_LARGE } from './import-problem.ts';

/** A line without its line break, or the reason for which bd would refuse it. */
export type EncodedIssue =
  | { readonly line: string; readonly problem: null }
  | { readonly line: null; readonly problem: string };

/** One line of the file, byte for byte what `bd export` of bd 1.3.0 writes. No value is written before it is checked. */
export function encodeIssue(issue: ExportedIssue, known: KnownWords): EncodedIssue {
  const problem = importProblem(issue, known);
  if (problem !== null) return { line: null, problem };
  const line = lineOf(issue);
  return Buffer.byteLength(line) > MAX_LINE_BYTES ? { line: null, problem: TOO_LARGE } : { line, problem: null };
}

function lineOf({ row, lease, labels, dependencies, comments, ...issue }: ExportedIssue): string {
  const members = [
    member('_type', '"issue"'),
    ...membersOf(FIELDS.FIRST, row),
    ...(lease === null ? [] : membersOf(FIELDS.LEASE, lease)),
    ...membersOf(FIELDS.SECOND, row),
    ...array('labels', labels.map(encodeText)),
    ...array(
      'dependencies',
      dependencies.map((one) => object(membersOf(FIELDS.DEPENDENCY, one))),
    ),
    ...array(
      'comments',
      comments.map((one) => object(membersOf(FIELDS.COMMENT, one))),
    ),
    ...membersOf(FIELDS.THIRD, row),
    member('dependency_count', String(issue.dependencyCount)),
    member('dependent_count', String(issue.dependentCount)),
    member('comment_count', String(comments.length)),
    ...(issue.isWisp && row['ephemeral'] !== '1' && row['no_history'] === '1' ? [member('wisp_plane', 'true')] : []),
  ];
  return object(members);
}

function membersOf(fields: readonly Field[], row: Cells): string[] {
  return fields.flatMap((field) => {
    const value = encodeValue(row[field.column] ?? null, field);
    return value === null ? [] : [member(field.name, value)];
  });
}

/** The JSON of a value; null: the field is left out. */
function encodeValue(value: string | null, { form, presence }: Field): string | null {
  if (value === null && presence === 'nullable') return null;
  switch (form) {
    case 'text':
    case 'document':
      return presence === 'optional' && (value ?? '') === '' ? null : encodeText(value ?? '');
    case 'number':
    case 'large-number': {
      const number = BigInt(value ?? 0);
      return presence === 'optional' && number === 0n ? null : String(number);
    }
    case 'time':
      return encodeText(encodeTime(value));
    case 'issue-time': {
      const time = encodeTime(value);
      return encodeText(time === NO_TIME_OF_GO ? EPOCH : time);
    }
    case 'flag':
      return BigInt(value ?? 0) === 0n ? null : 'true';
    case 'json':
      return encodeDocument(value ?? '{}');
    case 'list':
      return encodeList(value ?? '');
  }
}

const EPOCH = '1970-01-01T00:00:00Z';
/** bd takes this time of an issue for a missing one. */
const NO_TIME_OF_GO = '0001-01-01T00:00:00Z';

/** bd shows a missing time as the beginning of 1970. */
function encodeTime(value: string | null): string {
  if (value === null || value.startsWith('0000-')) return EPOCH;
  const [seconds = '', fraction = ''] = value.replace(' ', 'T').split('.');
  const digits = fraction.replace(/0+$/, '');
  return digits === '' ? `${seconds}Z` : `${seconds}.${digits}Z`;
}

function encodeDocument(value: string): string | null {
  const json = value === '' || value === '{}' ? null : compactJson(value);
  return json === null ? null : escaped(json);
}

/** Go reads `null` in a list of texts as an empty text, and half of a surrogate pair as U+FFFD. */
function encodeList(value: string): string | null {
  const items = parsedJson(value);
  if (!Array.isArray(items) || items.length === 0) return null;
  const texts = items.map((item: unknown) => item ?? '');
  if (!texts.every((item) => typeof item === 'string')) return null;
  return `[${texts.map((item) => encodeText(item.toWellFormed())).join(',')}]`;
}

/** Go's encoder escapes these characters, because JSON may be embedded in HTML and JavaScript. */
const ESCAPED = /[<>&\u2028\u2029]/g;

function escaped(json: string): string {
  return json.replace(ESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function encodeText(value: string): string {
  return escaped(JSON.stringify(value));
}

function member(name: string, json: string): string {
  return `"${name}":${json}`;
}

function object(members: readonly string[]): string {
  return `{${members.join(',')}}`;
}

function array(name: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [member(name, `[${items.join(',')}]`)];
}
