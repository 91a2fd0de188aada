import { distance } from 'fastest-levenshtein';

/** Words that people use for known ones, by the word that they write. */
export type Aliases = Readonly<Record<string, string>>;

/** No known word is longer, and comparing takes time that grows with the cube of the length. */
const MAX_LENGTH = 100;

/** A shorter beginning fits too many words. */
const LEAST_PREFIX = 3;

/**
 * The known word that was probably meant: the one an alias names, one that begins with the word, or one with at most a
 * third of its letters wrong. Case, blanks and `_` for `-` do not count.
 * @returns null if none is near: a wrong suggestion is worse than none
 */
export function suggestion(word: string, known: readonly string[], aliases: Aliases = {}): string | null {
  if (word.length > MAX_LENGTH) return null;
  const written = comparable(word);
  const alias = Object.hasOwn(aliases, written) ? aliases[written] : undefined;
  if (alias !== undefined && known.includes(alias)) return alias;
  const beginning = written.length < LEAST_PREFIX ? [] : known.filter((name) => comparable(name).startsWith(written));
  const [only] = beginning;
  if (only !== undefined && beginning.length === 1) return only;
  const [nearest] = known
    .map((name) => ({ name, far: edits(written, comparable(name)) }))
    .filter(({ name, far }) => far <= Math.floor(Math.max(written.length, comparable(name).length) / 3))
    .sort((a, b) => a.far - b.far);
  return nearest?.name ?? null;
}

/** Levenshtein's distance, with two swapped neighbours as one edit: the commonest slip (`snyc`). */
function edits(written: string, known: string): number {
  const swapped = [...written.slice(1)].map(
    (_, at) => written.slice(0, at) + written.charAt(at + 1) + written.charAt(at) + written.slice(at + 2),
  );
  return Math.min(distance(written, known), ...swapped.map((text) => distance(text, known) + 1));
}

function comparable(word: string): string {
  return word.trim().toLowerCase().replaceAll('_', '-');
}

/** A key without separators, in lower case: how keys are compared that may be misspelt. */
export function plainSpelling(key: string): string {
  return key.toLowerCase().replace(/[-_.\s]/g, '');
}
