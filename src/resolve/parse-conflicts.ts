import { z } from 'zod';
import { refusedName } from '../config/names.ts';
import { Problems } from '../config/problems.ts';
import { parseYaml } from '../config/yaml/parse.ts';
import { type ConfigValue, locate, locateKey, NOTHING, plain, toTextTree } from '../config/yaml/tree.ts';
import { HASH } from '../contract/hash.ts';
import { Failure } from '../core/failure.ts';
import { suggestion } from '../core/suggestion.ts';
import { shorten, shownValue } from '../core/text.ts';
import { type Choice, choiceWord } from './choice.ts';
import {
  type ConflictsFile,
  LOST_KINDS,
  LOST_WORDS,
  type LostChoice,
  rowName,
  rowText,
  UNRESOLVED_KINDS,
} from './conflicts-file.ts';
import { READABLE_VERSIONS } from './conflicts-text.ts';

/**
 * Reads a conflicts file.
 * @param file its name in messages
 * @throws Failure `conflicts-file-invalid` with every problem and its position
 */
export function parseConflicts(text: string, file: string): ConflictsFile {
  refuseUnprintable(text, file);
  const tree = readTree(text, file);
  const result = conflictsFile.safeParse(plain(tree));
  if (result.success) return withPlaces(result.data, tree);
  const problems = new Problems();
  const { issues } = result.error;
  for (const issue of issues)
    if (!isConsequence(issue, issues)) for (const failure of failuresOf(issue, tree)) problems.add(failure);
  problems.throwIfAny();
  throw new Failure('conflicts-file-invalid', 'it is not a conflicts file', { location: { file } });
}

/** Whether a key is only missing because it is misspelt: the mapping has a key that it does not know. */
function isConsequence(issue: z.core.$ZodIssue, issues: readonly z.core.$ZodIssue[]): boolean {
  const parent = issue.path.slice(0, -1).join('\n');
  const isUnknown = ({ code, path }: z.core.$ZodIssue) => code === 'unrecognized_keys' && path.join('\n') === parent;
  return issue.message === MISSING && issues.some(isUnknown);
}

/** Characters that YAML 1.2 allows only escaped in quotes, besides line breaks and tabs. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

function refuseUnprintable(text: string, file: string): void {
  for (const { 0: sign, index } of text.matchAll(UNPRINTABLE)) {
    if ('\t\n\r\u0085'.includes(sign)) continue;
    const lines = text.slice(0, index).split('\n');
    const location = { file, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
    const code = sign.charCodeAt(0).toString(16).padStart(4, '0');
    throw new Failure(
      'conflicts-file-invalid',
      `it contains the character U+${code.toUpperCase()}, which YAML forbids`,
      {
        hint: `Remove it. In a value of your own, write it in quotes: {value: "\\u${code}"}.`,
        location,
      },
    );
  }
}

/** The YAML reader's messages mention a configuration; here they are about a conflicts file. */
function readTree(text: string, file: string): ConfigValue {
  try {
    const yaml = parseYaml(text, file);
    return toTextTree(yaml, yaml.root, { file, line: 1, column: 1 });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    // The others are often consequences of the first.
    const [{ message, location, hint } = thrown] = thrown.problems;
    throw new Failure('conflicts-file-invalid', message, { location: location ?? { file }, hint });
  }
}

/** The second line of a schema's message is its hint. */
const TEXT_OR_NULL = 'must be a text, or null\nAn empty text is "", and null is NULL.';
const NO_LOST_CHOICE = `is not a choice\nWrite ${LOST_WORDS.join(', ')}, or {restore-as: {column: "value"}}; leave it empty to decide later.`;
const NO_CHOICE = 'which is not a choice';
const MISSING = 'is missing';

/** The messages for a missing value and for a mismatch. */
const expected = (message: string) => ({
  error: ({ input }: { readonly input: unknown }) => (input === undefined ? MISSING : message),
});

/** A mapping with only these keys; its message about other keys lists the allowed ones. */
function fields<T extends z.ZodRawShape>(shape: T) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code, input }) =>
      code === 'unrecognized_keys' ? known : input === undefined ? MISSING : 'must be a mapping',
  });
}

function isMapping(written: unknown): written is object {
  return typeof written === 'object' && written !== null && !Array.isArray(written);
}

/** A mapping with keys of any name. A record of zod 4.6.7 leaves `__proto__` out. */
function anyNames<T extends z.ZodType>(value: T) {
  return z
    .preprocess(
      (written) => (isMapping(written) ? new Map(Object.entries(written)) : written),
      z.map(z.string(), value, expected('must be a mapping')),
    )
    .transform((map) => Object.fromEntries(map));
}

/** A list; an absent key, an empty value and null are an empty list. */
function list<T extends z.ZodType>(item: T) {
  const orEmpty = (written: unknown) => (written === NOTHING ? [] : (written ?? []));
  return z.preprocess(orEmpty, z.array(item, { error: 'must be a list' })).default([]);
}

const text = z.string(expected('must be a text'));
const count = text.regex(/^[0-9]{1,15}$/, { error: 'is not a number' }).transform(Number);
const textOrNull = z.string(expected(TEXT_OR_NULL)).nullable();
const values = anyNames(textOrNull);
const hash = text.refine((written) => HASH.test(written), { error: 'is not a commit' });
const oneOf = <const T extends readonly string[]>(words: T) =>
  z.enum(words, expected(`is not one of ${words.join(', ')}`));

type Context = z.RefinementCtx;

function refuse(context: Context, subject: string, message: string, path: PropertyKey[] = []): void {
  context.addIssue({ code: 'custom', message, path, params: { subject } });
}

/** The branch moves to the merge, so it must not be one that runs or senders of deliveries use. */
const branch = text.superRefine((written, context) => {
  const why = /^(?:dolt-federation[-/]|inbox\/)/.test(written) ? 'is reserved' : refusedName(written);
  if (why !== null) refuse(context, `the branch ${shownValue(written)}`, why);
});

const version = text.refine((written) => READABLE_VERSIONS.includes(written), {
  error: ({ input }) => `is ${shorten(String(input), 100)}, but only ${READABLE_VERSIONS.join(', ')} are supported`,
});

/** Checked by hand: the error of a union would only say that no member fits. */
const choice = z
  .unknown()
  .transform((written, { issues }): Choice | null => {
    // `continue`, so that rows are compared with each other anyway.
    const refuseChoice = (message: string, path: string[] = []) => {
      issues.push({ code: 'custom', message, path, input: written, continue: true });
      return null;
    };
    if (written === NOTHING) return null;
    if (isMapping(written) && Object.keys(written).length > 0) {
      const { value, ...others }: { value?: unknown } = written;
      const keys = Object.keys(others);
      if (keys.length === 0) return isTextOrNull(value) ? { value } : refuseChoice(TEXT_OR_NULL, ['value']);
      issues.push({ code: 'unrecognized_keys', keys, message: 'value', input: others, continue: true });
      return null;
    }
    if (Array.isArray(written)) return refuseChoice(`is a list, ${NO_CHOICE}`);
    if (!isTextOrNull(written) && !isMapping(written)) return refuseChoice(TEXT_OR_NULL);
    const word = typeof written === 'string' ? choiceWord(written) : null;
    return word ?? refuseChoice(`is ${shownValue(written)}, ${NO_CHOICE}`);
  })
  .default(null);

function isTextOrNull(written: unknown): written is string | null {
  return typeof written === 'string' || written === null;
}

const cell = fields({
  base: textOrNull.exactOptional(),
  ours: textOrNull.exactOptional(),
  theirs: textOrNull.exactOptional(),
  choose: choice,
});

const counted = fields({ row: values, base: count, ours: count, theirs: count });

const row = fields({
  table: text,
  key: values,
  'other-key': values.exactOptional(),
  kind: oneOf(UNRESOLVED_KINDS),
  'deleted-by': oneOf(['ours', 'theirs']).exactOptional(),
  choose: choice,
  cells: anyNames(cell).default({}),
  rows: z.array(counted, { error: 'must be a list' }).exactOptional(),
}).transform(({ 'other-key': otherKey, 'deleted-by': deletedBy, ...rest }) => ({
  ...rest,
  ...(otherKey === undefined ? {} : { otherKey }),
  ...(deletedBy === undefined ? {} : { deletedBy }),
}));

const rows = list(row).superRefine((written, context) =>
  once(
    written.map((one) => [rowName(one), rowText(one)]),
    context,
  ),
);

const merge = fields({ peer: text, ours: hash, theirs: hash, rows });

const merges = list(merge).superRefine((written, context) =>
  once(
    written.map(({ peer }) => [peer, `the peer ${peer}`]),
    context,
  ),
);

function once(named: readonly (readonly [name: string, text: string])[], context: Context): void {
  const seen = new Set<string>();
  for (const [index, [name, subject]] of named.entries()) {
    if (seen.has(name)) refuse(context, subject, 'appears twice in it', [index]);
    seen.add(name);
  }
}

/** Checked by hand, as `choice` is. */
const lostChoice = z
  .unknown()
  .transform((written, { issues }): LostChoice | null => {
    if (written === NOTHING) return null;
    if (isMapping(written) && Object.keys(written).join() === 'restore-as') {
      const found = values.safeParse(Object.values(written)[0]);
      if (found.success && Object.keys(found.data).length > 0) return { as: found.data };
    }
    const word = LOST_WORDS.find((one) => one === written);
    if (word === undefined) issues.push({ code: 'custom', message: NO_LOST_CHOICE, input: written, continue: true });
    return word ?? null;
  })
  .default(null);

const lost = fields({
  peer: text,
  // The only kind that version 1 knew.
  kind: oneOf(LOST_KINDS).default('id-collision'),
  table: text,
  key: values.exactOptional(),
  'other-key': values.exactOptional(),
  with: fields({ table: text, key: values }).exactOptional(),
  columns: z.array(text, { error: 'must be a list' }).exactOptional(),
  head: hash,
  row: values,
  sql: text.exactOptional(),
  choose: lostChoice,
}).transform(({ 'other-key': otherKey, ...rest }) => ({ ...rest, ...(otherKey === undefined ? {} : { otherKey }) }));

const conflictsFile = fields({ version, branch, merges, lost: list(lost) });

/** The content, with positions for later messages. */
function withPlaces({ branch, merges, lost }: z.infer<typeof conflictsFile>, tree: ConfigValue): ConflictsFile {
  const placed = merges.map((one, index) => {
    const path = ['merges', index];
    const placedRows = one.rows.map((read, number) => {
      const rowPath = [...path, 'rows', number];
      const cells = Object.entries(read.cells).map(
        ([name, found]) => [name, { ...found, at: locate(tree, [...rowPath, 'cells', name]) }] as const,
      );
      return { ...read, cells: Object.fromEntries(cells), at: locate(tree, rowPath) };
    });
    return { ...one, rows: placedRows, at: locate(tree, path) };
  });
  return { branch, merges: placed, lost: lost.map((one, index) => ({ ...one, at: locate(tree, ['lost', index]) })) };
}

/** The failures of one schema issue: one for each unknown key. */
function failuresOf(issue: z.core.$ZodIssue, tree: ConfigValue): readonly Failure[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(', ');
    return issue.keys.map((key) => {
      const near = suggestion(key, known);
      const hint = `${near === null ? '' : `Did you mean \`${near}\`? `}Known keys: ${known.join(', ')}.`;
      const message = `${subjectOf(path)} has no ${shownValue(key)}`;
      return new Failure('conflicts-file-invalid', message, { location: locateKey(tree, path, key), hint });
    });
  }
  const [message, hint = choiceHint(path, tree)] = issue.message.split('\n');
  const subject: unknown = issue.code === 'custom' ? issue.params?.['subject'] : undefined;
  const name = typeof subject === 'string' ? subject : subjectOf(path);
  return [new Failure('conflicts-file-invalid', `${name} ${message}`, { location: locate(tree, path), hint })];
}

/** The choices that a row or a cell of this kind has; undefined if the path is of something else. */
function choiceHint(path: readonly PropertyKey[], tree: ConfigValue): string | undefined {
  const [top, merge, list, index, ...inner] = path;
  if (top !== 'merges' || list !== 'rows' || inner.at(-1) !== 'choose') return undefined;
  const kind = kindSchema.safeParse(plain(tree)).data?.merges[Number(merge)]?.rows[Number(index)]?.kind;
  const hasBase = kind !== 'id-collision' && kind !== 'duplicate' && kind !== 'keyless';
  const sides = ['ours', 'theirs', ...(hasBase ? ['base'] : [])];
  const last = inner.length > 1 ? '{value: "text"}' : kind === 'keyless' || kind === 'duplicate' ? null : 'delete';
  return `Write ${[...sides, ...(last === null ? [] : [last])].join(', ')}; leave it empty to decide later.`;
}

const kindSchema = z.object({
  merges: z.array(z.object({ rows: z.array(z.object({ kind: z.unknown() })) })),
});

/** The name of the value at a path, for messages. */
function subjectOf(path: readonly PropertyKey[]): string {
  const [top, entry, ...inner] = path.map(String);
  if (top === undefined) return 'a conflicts file';
  if (entry === undefined) return top === 'version' ? 'the version' : top;
  if (inner.length === 0) return `an entry of ${top}`;
  const [list, index, name, column, side] = inner;
  if (list !== 'rows' || top !== 'merges' || index === undefined) return inner.toReversed().join(' of ');
  if (name === undefined) return 'a row';
  if (name === 'choose') return 'the choice for the row';
  if (column === undefined) return name === 'cells' ? 'the cells of a row' : name;
  if (name !== 'cells') return `${column} of ${name}`;
  const what = `the cell ${shownValue(column)}`;
  if (side === undefined) return what;
  return side === 'choose' ? `the choice for ${what}` : `${side} of ${what}`;
}
