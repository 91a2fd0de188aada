import { isMap } from 'yaml';
import type { FileNode, FileReader } from './parse-conflicts.ts';

/** What a person says about a row or a cell in conflict. `value` is a text of one's own, or NULL. */
export type Choice = ChoiceWord | { readonly value: string | null };

export const CHOICE_WORDS = ['ours', 'theirs', 'base', 'delete'] as const;
/** `base` is what both sides had before; `delete` removes the row, so it is a choice for rows only. */
export type ChoiceWord = (typeof CHOICE_WORDS)[number];

/** A word as a choice; null for any other text. */
export function choiceWord(text: string): ChoiceWord | null {
  return CHOICE_WORDS.find((word) => word === text) ?? null;
}

const HINT = `Write ${CHOICE_WORDS.join(', ')}, or {value: "text"}; nothing where nothing is decided.`;

/**
 * What stands after `choose:`.
 * @returns null where nothing does; undefined where it is no choice, which the reader has noted
 */
export function parseChoice(reader: FileReader, field: FileNode, what: string): Choice | null | undefined {
  if (reader.isEmpty(field)) return null;
  if (isMap(field.node)) {
    const written = reader.fields(field, what, ['value'])?.get('value');
    if (written === undefined && field.node.items.length === 0) {
      return reader.refuse(`${what} is none of the choices`, field.at, HINT);
    }
    if (written === undefined) return undefined;
    const value = reader.value(written, `${what}: value`);
    return value === undefined ? undefined : { value };
  }
  const text = reader.value(field, what);
  if (text === undefined) return undefined;
  const word = text === null ? null : choiceWord(text);
  return word ?? reader.refuse(`${what} is ${JSON.stringify(text)}, which is none of the choices`, field.at, HINT);
}
