import { isAlias, isMap, isScalar } from 'yaml';
import { Failure, type Location } from '../../core/failure.ts';
import type { Problems } from '../problems.ts';
import type { YamlText } from './parse.ts';
import { isKnownTag } from './tree.ts';

/** A key that bd reads. */
interface WrittenKey {
  /** Dotted, as written. */
  readonly name: string;
  readonly keyAt: Location;
  readonly node: unknown;
}

/** Top-level keys of bd below which keys are read: guards, the place of the database, rows to leave out. */
const SECTIONS: readonly string[] = ['dolt', 'export', 'types'];

/**
 * The top-level keys of a file of bd, and those below some of them. viper, which bd uses to read its files, ignores the
 * case of keys. bd 1.3.0 also reads what a merge key or an alias refers to, and keys in Base64 (measured). All of them
 * are refused.
 * @param problems receives `config-invalid`
 */
export function writtenKeys(yaml: YamlText, problems: Problems): readonly WrittenKey[] {
  const keys: WrittenKey[] = [];
  const add = (map: YamlText['root'], section: string | null): void => {
    for (const { key, value } of map?.items ?? []) {
      const keyAt = yaml.place(key);
      const name = problems.attempt(() => nameOf(key, keyAt));
      if (name === undefined || name === null) continue;
      keys.push({ name: section === null ? name : `${section}.${name}`, keyAt, node: value });
      if (section !== null || !SECTIONS.includes(name.toLowerCase())) continue;
      if (isMap(value)) add(value, name);
      else if (isAlias(value)) problems.add(hiddenKeys(`the alias of ${name}`, keyAt));
    }
  };
  add(yaml.root, null);
  return keys;
}

/**
 * @returns null for a key that is no text
 * @throws Failure `config-invalid`
 */
function nameOf(key: unknown, location: Location): string | null {
  if (isAlias(key)) throw hiddenKeys(`the key \`*${key.source}\``, location);
  if (!isScalar(key)) return null;
  if (!isKnownTag(key.tag)) throw hiddenKeys('a key with a tag', location);
  if (key.value === '<<') throw hiddenKeys('the merge key `<<`', location);
  return typeof key.value === 'string' ? key.value : null;
}

function hiddenKeys(what: string, location: Location): Failure {
  return new Failure('config-invalid', `${what} could hide a guard such as no-push, so it is not supported`, {
    hint: 'Write each key in full, in its own place.',
    location,
  });
}
