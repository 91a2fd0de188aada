import { isDeepStrictEqual } from 'node:util';
import { Lexer } from 'yaml';
import { Failure } from '../../core/failure.ts';
import { readSections } from '../known-keys.ts';
import { Problems } from '../problems.ts';
import { parseYaml, type YamlText } from './parse.ts';
import { type Entry, isEmpty, type KeyPath, lineBreakOf, mappingOf, type NewValue, Tokens } from './tokens.ts';
import { type ConfigValue, field, plain } from './tree.ts';

/**
 * Sets one key of a configuration text and changes nothing else. A present key keeps its spelling, nested or dotted,
 * and its comment. A new key is added to the nearest present mapping above it, else beside dotted keys, else at the
 * end.
 * @param path at least two keys; the first one is a section
 * @throws Failure `config-syntax` if the text is not YAML; `config-invalid` if it cannot be edited safely
 */
export function withValue(text: string, path: KeyPath, value: NewValue): string {
  // Another spelling of the value, such as an alias or a text over several lines, stays as well.
  if (isDeepStrictEqual(valueIn(text, path), value)) return text;
  return edit(text, path, { value, apply: (tokens) => setValue(tokens, path, value) });
}

/**
 * Removes a key from a configuration text, in any spelling, and changes nothing else.
 * @throws Failure as `withValue`
 */
export function withoutValue(text: string, path: KeyPath): string {
  const apply = (tokens: Tokens): string => {
    for (const find of [() => tokens.entriesAt(path), () => tokens.flatEntriesBelow(path)])
      for (let [entry] = find(); entry !== undefined; [entry] = find()) tokens.remove(entry);
    return tokens.toString();
  };
  return edit(text, path, { value: undefined, apply });
}

/**
 * The value at a path of a configuration text, in any spelling; undefined: none.
 * @throws Failure `config-syntax`
 */
export function valueIn(text: string, path: KeyPath): unknown {
  return valueAt(readSections(parseYaml(text, 'the configuration'), new Problems()), path);
}

function setValue(tokens: Tokens, path: KeyPath, value: NewValue): string {
  const present = tokens.entriesAt(path);
  for (const entry of present) tokens.replace(entry, value);
  if (present.length > 0) return tokens.toString();
  for (let length = path.length - 1; length > 0; length -= 1) {
    const [upper, rest] = [path.slice(0, length), path.slice(length)];
    const above = tokens.entriesAt(upper).find((entry) => isEmpty(entry) || mappingOf(entry.item.value) !== null);
    if (above !== undefined) {
      addBelow(tokens, above, nested(rest, value));
      return tokens.toString();
    }
    const beside = tokens.flatEntriesBelow(upper).at(-1);
    if (beside !== undefined) {
      tokens.appendAfter(beside, { [path.join('.')]: value });
      return tokens.toString();
    }
  }
  return tokens.appendToText(nested(path, value));
}

type Content = Readonly<Record<string, NewValue>>;

function addBelow(tokens: Tokens, above: Entry, content: Content): void {
  const mapping = mappingOf(above.item.value);
  if (mapping === null) tokens.replace(above, content);
  else tokens.append(mapping, content);
}

function nested([key = '', ...rest]: KeyPath, value: NewValue): Content {
  return { [key]: rest.length === 0 ? value : nested(rest, value) };
}

interface Edit {
  /** The value of the path afterwards; undefined: none. */
  readonly value: NewValue | undefined;
  readonly apply: (tokens: Tokens) => string;
}

function edit(before: string, path: KeyPath, { value, apply }: Edit): string {
  const yaml = parseYaml(before, 'the configuration');
  const lineBreak = lineBreakOf(before);
  const isOpen = before !== '' && !/[\n\uFEFF]$/.test(before);
  const edited = apply(new Tokens(isOpen ? before + lineBreak : before));
  const lastLine = /[^\n]*$/.exec(before)?.[0] ?? '';
  const after = isOpen && edited.endsWith(`\n${lastLine}${lineBreak}`) ? edited.slice(0, -lineBreak.length) : edited;
  if (!isOnlyChange({ before, yaml, after }, path, value)) throw unsafe();
  // A file without a byte counts as damaged.
  return after === '' ? lineBreak : after;
}

function unsafe(): Failure {
  return new Failure('config-invalid', 'the format of the configuration cannot be edited safely', {
    hint: 'Edit the file by hand, or write the key and the mappings around it on lines of their own.',
  });
}

interface Change {
  readonly before: string;
  readonly yaml: YamlText;
  readonly after: string;
}

/** Whether a text differs from the original only in the value at a path. */
function isOnlyChange({ before, yaml, after }: Change, path: KeyPath, value: NewValue | undefined): boolean {
  const problems = new Problems();
  const edited = problems.attempt(() => parseYaml(after, 'the edited configuration'));
  if (edited === undefined) return false;
  const found = valueAt(readSections(edited, problems), path);
  if (problems.attempt(() => problems.throwIfAny()) !== undefined || !isDeepStrictEqual(found, value)) return false;
  const isNew = valueAt(readSections(yaml, problems), path) === undefined;
  return (
    JSON.stringify(othersThan(path, edited)) === JSON.stringify(othersThan(path, yaml)) &&
    keepsComments(before, after, isNew) &&
    keepsLineBreaks(before, after)
  );
}

function valueAt(tree: ConfigValue, path: KeyPath): unknown {
  const found = path.reduce<ConfigValue | undefined>((value, key) => field(value, key)?.value, tree);
  return found === undefined ? undefined : plain(found);
}

/** The keys and values of a text, in order, without those at a path. Mappings above it that are empty do not count. */
function othersThan(path: KeyPath, { document }: YamlText): readonly unknown[] {
  const entries = (value: unknown, prefix: KeyPath): readonly unknown[] =>
    Object.entries(Object(value)).flatMap(([key, inner]: [string, unknown]) => {
      const steps = [...prefix, ...(prefix.length === 0 ? key.split('.') : [key])];
      if (path.every((step, index) => step === steps[index])) return [];
      const isAbove = steps.every((step, index) => step === path[index]);
      if (!isAbove || (inner !== null && (typeof inner !== 'object' || Array.isArray(inner)))) return [[key, inner]];
      const others = entries(inner, steps);
      return others.length === 0 ? [] : [[key, others]];
    });
  return entries(document.toJS(), []);
}

/** Whether every comment is there still, in order; a removed or replaced value can take its own with it. */
function keepsComments(before: string, after: string, isNew: boolean): boolean {
  const [former, kept] = [commentsOf(before), commentsOf(after)];
  if (isNew) return isDeepStrictEqual(former, kept);
  let next = 0;
  for (const comment of former) if (comment === kept[next]) next += 1;
  return next === kept.length;
}

function commentsOf(text: string): readonly string[] {
  return [...new Lexer().lex(text)].filter((lexeme) => lexeme.startsWith('#'));
}

function keepsLineBreaks(before: string, after: string): boolean {
  const [former, kept] = [new Set(before.match(/\r?\n/g)), new Set(after.match(/\r?\n/g))];
  return former.size === 0 || [...kept].every((lineBreak) => former.has(lineBreak));
}
