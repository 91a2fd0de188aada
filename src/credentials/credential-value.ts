import type { ConfigValue } from '../config/config-tree.ts';
import type { Env } from '../core/env.ts';
import { Failure } from '../core/failure.ts';

/**
 * One value of a credential: text, or `{env: NAME}` for the text of an environment variable. Nothing of either is ever
 * part of a message: what stands in the place of a name may be a secret, too.
 * @param label how messages name the value
 * @throws Failure `config-invalid`
 */
export function readValue(value: ConfigValue, label: string, env: Env): string {
  const refuse = (why: string, hint?: string) =>
    new Failure('config-invalid', `${label} ${why}`, { hint: hint ?? CURE, location: value.at });
  const text = value.kind === 'mapping' ? fromEnvironment(value.fields, env) : value.kind === 'scalar' && value.value;
  if (text === null) throw refuse('must not be empty');
  if (text === undefined) {
    throw refuse(
      'names an environment variable that is not set',
      'Set it for this step; an empty one counts as unset.',
    );
  }
  if (typeof text !== 'string') throw refuse('must be text or {env: NAME}', 'Write numbers and the like in quotes.');
  if (text.trim() === '') throw refuse('must not be empty');
  if (text.includes('\0')) throw refuse('holds a NUL character, which no environment can carry');
  return text;
}

const CURE = 'Give the value as text in quotes, or as {env: NAME}.';

/** False where the mapping has another form than `{env: NAME}`, undefined where there is no such variable. */
function fromEnvironment(fields: ReadonlyMap<string, { value: ConfigValue }>, env: Env): string | false | undefined {
  const name = fields.get('env')?.value;
  if (fields.size !== 1 || name?.kind !== 'scalar' || typeof name.value !== 'string') return false;
  return Object.hasOwn(env, name.value) ? env[name.value] : undefined;
}

/** Text that goes into one line of a header or a variable. @throws Failure `config-invalid` */
export function requireOneLine(text: string, label: string): string {
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) {
    throw new Failure('config-invalid', `${label} holds a line break or another control character`, {
      hint: 'Remove it; often it is a line break at the end.',
    });
  }
  return text;
}
