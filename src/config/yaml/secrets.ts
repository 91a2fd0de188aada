import { isMap, isScalar, isSeq } from 'yaml';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { namesSecret, redact } from '../../core/secrets.ts';
import { plain } from '../../core/text.ts';
import { isOurKey } from '../known-keys.ts';
import type { YamlText } from './parse.ts';

/**
 * Every value of a file that is probably a secret, such as an access token or a private key; none is repeated. In
 * our sections it is an error. Other keys belong to beads, which may need the value, so there it is a warning.
 */
export function secretsInFile(yaml: YamlText): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const search = (node: unknown, path: readonly string[]): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items) search(value, [...path, keyText(key)]);
    } else if (isSeq(node)) for (const item of node.items) search(item, path);
    else if (isScalar(node) && typeof node.value === 'string' && holdsSecret(node.value, path.at(-1) ?? '')) {
      const isOurs = isOurKey(path[0] ?? '');
      found.push({
        severity: isOurs ? 'error' : 'warning',
        code: 'secret-in-config',
        message: `the value of ${redact(plain(path.join('.')))} is probably a secret`,
        hint: isOurs ? SECRET_HINT : FOREIGN_HINT,
        location: yaml.place(node),
      });
    }
  };
  search(yaml.root, []);
  return found;
}

const SECRET_HINT =
  'Remove the value and rotate it. Everyone who can read the file has it. Give secrets with `credentials` (`dolt-federation help credentials`).';
const FOREIGN_HINT =
  'If the file is shared or committed, remove the value and rotate it. bd also reads secrets from variables.';

/** Long texts are not secrets that people paste, and the search takes time. */
const MAX_LENGTH = 16_384;

/** Whether a value has the form of a secret, or a key whose name says so. Variables are named, as in `${TOKEN}`. */
function holdsSecret(text: string, key: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  const name = key.split('.').at(-1) ?? '';
  return redact(text) !== text || (namesSecret(name.replaceAll('-', '_')) && text !== '' && !text.startsWith('$'));
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : '?';
}
