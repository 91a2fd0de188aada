import { parsePeerName } from '../config/names.ts';
import { Problems } from '../config/problems.ts';
import { port } from '../config/server.ts';
import { INVALID_YAML, parseYaml } from '../config/yaml/parse.ts';
import { type ConfigField, type ConfigMapping, type ConfigValue, plain, toConfigMapping } from '../config/yaml/tree.ts';
import type { Env } from '../core/env.ts';
import { Failure, type Location } from '../core/failure.ts';
import { suggestion } from '../core/suggestion.ts';
import { parsePlace } from './bind.ts';
import { type Credential, type Credentials, KIND_WORDS, SERVER_ENTRY, type Secret } from './credential.ts';
import { KIND_KEYS, readValue, toSecret, type WrittenKind } from './kinds.ts';

/** The source of credentials. */
export interface CredentialsSource {
  readonly text: string;
  /** Its name in messages. */
  readonly name: string;
}

const KINDS: readonly WrittenKind[] = ['password', 'dolt-jwk', 'aws', 'google', 'ssh', 'git-token', 'azure'];
const KNOWN = ['url', 'instance-role', ...KINDS.flatMap((kind) => Object.keys(KIND_KEYS[kind]))];
const KINDS_HINT = `Give one of ${[...KINDS, 'instance-role' as const].map((kind) => KIND_WORDS[kind]).join('; ')}.`;

interface Reading {
  readonly env: Env;
  readonly problems: Problems;
}

/**
 * Parses the credentials of a run: a mapping from peer name to `url` and one kind of secret.
 * @throws Failure the first of all problems (see `problems`): `config-syntax`, `config-unknown-key`, `config-invalid`,
 * `invalid-peer-name`. Each has its position; messages contain only known keys and what can be the name of a
 * peer.
 */
export function parseCredentials(source: CredentialsSource, env: Env): Credentials {
  const mapping = readUnquoted(source.text, source.name);
  const reading = { env, problems: new Problems() };
  const read = [...(mapping?.fields ?? [])].flatMap(([name, field]) => readEntry(name, field, reading) ?? []);
  reading.problems.throwIfAny();
  return new Map(read.map((credential) => [credential.peer, credential]));
}

/** The credentials of some peers. */
export interface SomeCredentials {
  readonly credentials: Credentials;
  /** Peers whose entry is malformed, or lacks its secret. */
  readonly unreadable: ReadonlySet<string>;
}

/**
 * Parses only the entries of some peers, one by one: a job without secrets, as of a fork, has entries without values.
 * @throws Failure `config-syntax`, `config-invalid` if the text cannot be read at all
 */
export function parseCredentialsOf(peers: ReadonlySet<string>, source: CredentialsSource, env: Env): SomeCredentials {
  const credentials = new Map<string, Credential>();
  const unreadable = new Set<string>();
  for (const [name, field] of readUnquoted(source.text, source.name)?.fields ?? []) {
    if (!peers.has(name)) continue;
    const problems = new Problems();
    const credential = readEntry(name, field, { env, problems });
    if (credential === null || problems.sorted().length > 0) unreadable.add(name);
    else credentials.set(name, credential);
  }
  return { credentials, unreadable };
}

function readEntry(name: string, { value, keyAt }: ConfigField, reading: Reading): Credential | null {
  const { problems } = reading;
  const refuse = (message: string, hint: string, location: Location = keyAt) =>
    problems.add(new Failure('config-invalid', message, { hint, location }));
  if (!isName(name)) {
    problems.add(
      new Failure('invalid-peer-name', 'credentials: a key is not a valid peer name', {
        hint: 'Write the name of a peer, or `origin` for the primary.',
        location: keyAt,
      }),
    );
    return null;
  }
  if (value.kind !== 'mapping') {
    // A lone word may be a secret that lost its key, so even the name is not repeated.
    refuse('credentials: the entry of a peer must be a mapping with `url` and a secret', KINDS_HINT, value.at);
    return null;
  }
  // A missing key is often only misspelt.
  if (refuseUnknown(name, value, problems)) return null;
  const place = readPlace(name, { value, keyAt }, reading);
  const instanceRole = readInstanceRole(name, value, problems);
  const remotesapi = readRemotesapi(name, value, problems);
  const secret = readSecret(name, { mapping: value, keyAt, instanceRole }, reading);
  if (place === undefined || secret === undefined) return null;
  return { peer: name, place, instanceRole, ...(remotesapi === undefined ? {} : { remotesapi }), secret, at: keyAt };
}

function isName(name: string): boolean {
  try {
    return name === 'origin' || name === SERVER_ENTRY || parsePeerName(name) === name;
  } catch {
    return false;
  }
}

/** An unknown key is not repeated: `password:secret` without a blank is a key, too. */
function refuseUnknown(name: string, mapping: ConfigMapping, problems: Problems): boolean {
  const known = name === SERVER_ENTRY ? [...KNOWN, 'remotesapi'] : KNOWN;
  const unknown = [...mapping.fields].filter(([key]) => !known.includes(key));
  for (const [key, { keyAt }] of unknown) {
    const isGlued = known.some((one) => key.startsWith(`${one}:`));
    const near = suggestion(key, known);
    const start = isGlued ? 'Put a space after the colon. ' : near === null ? '' : `Did you mean \`${near}\`? `;
    const hint = `${start}Known keys: ${known.join(', ')}.`;
    problems.add(new Failure('config-unknown-key', `credentials of ${name}: unknown key`, { hint, location: keyAt }));
  }
  return unknown.length > 0;
}

function readPlace(name: string, { value, keyAt }: ConfigField, { env, problems }: Reading) {
  const field = value.kind === 'mapping' ? value.fields.get('url') : undefined;
  const label = `credentials of ${name}: url`;
  return problems.attempt(() => {
    const hint = 'Write the part of the endpoint that the secret is for: https://host, gs://bucket, git@host:path, …';
    if (field === undefined) throw new Failure('config-invalid', `${label} is missing`, { hint, location: keyAt });
    const place = parsePlace(readValue(field.value, label, env));
    if (place !== null) return place;
    throw new Failure('config-invalid', `${label} is not in an accepted form, or contains a secret`, {
      hint,
      location: field.value.at,
    });
  });
}

function readInstanceRole(name: string, mapping: ConfigMapping, problems: Problems): boolean {
  const value = mapping.fields.get('instance-role')?.value;
  const written = value === undefined ? false : plain(value);
  if (typeof written === 'boolean') return written;
  const message = `credentials of ${name}: instance-role must be true or false`;
  problems.add(new Failure('config-invalid', message, { location: value?.at }));
  return false;
}

function readRemotesapi(name: string, mapping: ConfigMapping, problems: Problems): number | undefined {
  const value = mapping.fields.get('remotesapi')?.value;
  if (value === undefined) return undefined;
  const read = port.safeParse(plain(value));
  if (read.success) return read.data;
  const message = `credentials of ${name}: remotesapi must be a port number from 1 to 65535`;
  problems.add(new Failure('config-invalid', message, { location: value.at }));
  return undefined;
}

function readSecret(
  name: string,
  entry: { readonly mapping: ConfigMapping; readonly keyAt: Location; readonly instanceRole: boolean },
  { env, problems }: Reading,
): Secret | undefined {
  const { fields } = entry.mapping;
  const refuse = (message: string, hint: string) =>
    problems.add(new Failure('config-invalid', `credentials of ${name}: ${message}`, { hint, location: entry.keyAt }));
  const [kind, other] = KINDS.filter((one) => Object.keys(KIND_KEYS[one]).some((key) => fields.has(key)));
  if (kind === undefined) {
    if (entry.instanceRole) return { kind: 'instance-role' };
    refuse('it has no secret', KINDS_HINT);
    return undefined;
  }
  if (other !== undefined) {
    refuse('it has two kinds of secrets', `Keep one of ${KIND_WORDS[kind]}; ${KIND_WORDS[other]}.`);
    return undefined;
  }
  const values = new Map<string, string>();
  let isWhole = true;
  for (const [key, { needed, read }] of Object.entries(KIND_KEYS[kind])) {
    const value: ConfigValue | undefined = fields.get(key)?.value;
    const label = `credentials of ${name}: ${key}`;
    if (value === undefined) {
      if (needed) refuse(`${key} is missing`, `Give ${KIND_WORDS[kind]}.`);
      isWhole &&= !needed;
      continue;
    }
    const text = problems.attempt(() => located(value.at, () => read(readValue(value, label, env), label)));
    if (text === undefined) isWhole = false;
    else values.set(key, text);
  }
  return isWhole ? toSecret(kind, values) : undefined;
}

/** Adds this position to a Failure without one. */
function located<T>(location: Location, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.location !== null) throw thrown;
    throw new Failure(thrown.code, thrown.message, { hint: thrown.hint, location });
  }
}

/** Messages about malformed YAML that are safe to show; others may repeat a part of it, such as `*name` or `!tag`. */
const SAFE_MESSAGES: ReadonlySet<string> = new Set([
  'the YAML is nested too deeply',
  'the top level is not a mapping of keys to values',
  'an alias may only refer to a single value',
]);

const HIDDEN = 'The text is not shown because it may contain secrets.';
const MALFORMED = `Put values in quotes, or read them from variables with {env: NAME}. ${HIDDEN}`;

/** A problem of the YAML in words that repeat nothing of it. */
function withoutText({ message, hint }: Failure): { readonly message: string; readonly hint: string } {
  const twice = /appears twice in one mapping, first at line \d+$/.exec(message)?.[0];
  if (twice !== undefined)
    return {
      message: `a key ${twice}`,
      hint: 'Keep one of them. The key is not shown because it may contain a secret.',
    };
  if (message.startsWith(INVALID_YAML)) return { message, hint: `${hint} ${HIDDEN}` };
  const isPlain = SAFE_MESSAGES.has(message);
  return {
    message: isPlain ? message : 'the YAML is malformed here, or the value is not a plain scalar',
    hint: MALFORMED,
  };
}

/**
 * Parses YAML with secrets: like `parseYaml`, but no message contains a part of the text.
 * @returns null if the text is empty
 * @throws Failure `config-syntax`, `config-invalid`
 */
function readUnquoted(text: string, name: string): ConfigMapping | null {
  try {
    const yaml = parseYaml(text, name);
    return yaml.root === null ? null : toConfigMapping(yaml, yaml.root);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) {
      throw new Failure('config-syntax', 'the credentials cannot be read as YAML', { hint: MALFORMED });
    }
    const problems = new Problems();
    for (const problem of thrown.problems) {
      const { message, hint } = withoutText(problem);
      const location = problem.location ?? undefined;
      problems.add(new Failure(problem.code, `credentials: ${message}`, { hint, location }));
    }
    problems.throwIfAny();
    return null;
  }
}
