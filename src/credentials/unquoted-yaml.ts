import { toConfigMapping } from '../config/config-node.ts';
import type { ConfigMapping } from '../config/config-tree.ts';
import { Problems } from '../config/problems.ts';
import { parseYaml } from '../config/yaml-text.ts';
import { Failure } from '../core/failure.ts';
import { problemsOf } from '../core/problems-of.ts';

/** What may be said of malformed YAML as it is; everything else could repeat a piece of it, such as `*name` or `!tag`. */
const SPOKEN: ReadonlySet<string> = new Set([
  'the YAML is nested too deeply',
  'invalid YAML: it holds more than one YAML document',
  'the top level is not a mapping of keys to values',
  'an alias may stand for a single value only',
]);

const MALFORMED =
  'Put values in quotes, or take them from variables with {env: NAME}. The text is not shown: it may hold secrets.';

/**
 * Reads YAML that holds secrets: as `parseYaml`, but no message holds a piece of the text.
 * @returns null where the text holds nothing
 * @throws Failure `config-syntax`, `config-invalid`
 */
export function readUnquoted(text: string, name: string): ConfigMapping | null {
  try {
    const yaml = parseYaml(text, name);
    return yaml.root === null ? null : toConfigMapping(yaml, yaml.root);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw new Failure('config-syntax', 'the credentials cannot be read as YAML');
    const problems = new Problems();
    for (const { code, message, location } of problemsOf(thrown)) {
      const twice = /stands twice in one mapping, first at line \d+$/.exec(message)?.[0];
      const spoken = SPOKEN.has(message) ? message : 'the YAML is malformed here, or this is no plain value';
      const said = twice === undefined ? spoken : `a key ${twice}`;
      problems.add(
        new Failure(code, `credentials: ${said}`, {
          hint: twice === undefined ? MALFORMED : 'Keep one of the two. The key is not shown: it may hold a secret.',
          location: location ?? undefined,
        }),
      );
    }
    problems.throwIfAny();
    return null;
  }
}
