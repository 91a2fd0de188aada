import { distance } from 'fastest-levenshtein';
import { isScalar } from 'yaml';
import { Failure } from '../core/failure.ts';
import { plainSpelling } from '../core/suggestion.ts';
import { shownValue } from '../core/text.ts';
import { isOurKey, SECTIONS } from './known-keys.ts';
import type { Problems } from './problems.ts';
import type { YamlText } from './yaml/parse.ts';

/**
 * Keys of `federation` that no other program has at the top level; without effect there, they would protect nothing.
 */
const MISPLACED = ['peers', 'sovereignty', 'allowed-remote-patterns'] as const;

/**
 * Reports top-level keys that are probably a misspelt section or a key of `federation` in the wrong place. Every other
 * key belongs to beads, which reports no unknown key either.
 */
export function refuseNearSections(yaml: YamlText, problems: Problems): void {
  for (const { key } of yaml.root?.items ?? []) {
    if (!isScalar(key) || typeof key.value !== 'string') continue;
    const meant = meantKey(key.value);
    if (meant === null) continue;
    problems.add(
      new Failure('config-unknown-key', `the top-level key ${shownValue(key.value)} has no effect`, {
        hint: `Did you mean \`${meant}\`? Correct the spelling or remove the key.`,
        location: yaml.place(key),
      }),
    );
  }
}

/** Whether a file has one of our sections, or a key that was probably meant to be one. */
export function mentionsSections(yaml: YamlText): boolean {
  return (yaml.root?.items ?? []).some(
    ({ key }) =>
      isScalar(key) && typeof key.value === 'string' && (isOurKey(key.value) || meantKey(key.value) !== null),
  );
}

/** The section that a top-level key was probably meant to be; null if it is one of ours or of another program. */
function meantKey(written: string): string | null {
  if (isOurKey(written)) return null;
  const [first = '', ...rest] = written.split('.');
  const spelling = plainSpelling(first);
  const section = SECTIONS.find((one) => isNear(spelling, one));
  if (section !== undefined) return [section, ...rest].join('.');
  const misplaced = MISPLACED.find((one) => plainSpelling(one) === spelling);
  return misplaced === undefined ? null : ['federation', misplaced, ...rest].join('.');
}

/** One wrong letter in four, but not the first (`async` is a word), or the same letters in another order. */
function isNear(spelling: string, section: string): boolean {
  if (sorted(spelling) === sorted(section)) return true;
  return spelling[0] === section[0] && distance(spelling, section) <= Math.floor(section.length / 4);
}

function sorted(word: string): string {
  return [...word].toSorted().join('');
}
