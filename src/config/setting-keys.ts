import { parse } from 'yaml';
import { z } from 'zod';
import { PEER_SETTINGS, type ValueForm } from '../contract/peer-options.ts';
import { Failure } from '../core/failure.ts';
import { shownValue } from '../core/text.ts';
import { AWS_KEYS, keyProblem, PEER_KEYS, SECTIONS, sectionKeys } from './known-keys.ts';
import { parsePeerName } from './names.ts';
import { SERVER_FORMS, SERVER_KEYS } from './server.ts';
import { SETTINGS } from './settings.ts';
import type { KeyPath, NewValue } from './yaml/tokens.ts';

/** A key that a command can set: of the configuration as a whole, or of one peer. */
export type SettingKey =
  | { readonly kind: 'section'; readonly path: KeyPath; readonly form: ValueForm }
  /** `path` is below the name of the peer; empty: the peer itself. */
  | { readonly kind: 'peer'; readonly name: string; readonly path: KeyPath; readonly form: ValueForm }
  /** One that a file must not have, which can only be removed from it. */
  | { readonly kind: 'stray'; readonly path: KeyPath; readonly problem: Failure };

/** How the values of the settings are written; a list of beads is none of ours. */
const FORMS: ReadonlyMap<string, ValueForm> = new Map([
  ...Object.values(SETTINGS).map(({ key, form = 'text' }) => [key, form] as const),
  ['federation.exclude_types', 'list'],
]);

const PEER_FORMS: ReadonlyMap<string, ValueForm> = new Map(
  Object.values(PEER_SETTINGS).map(({ path, form }) => [path.join('.'), form]),
);

/** The edit of a key. A mapping can only be removed as a whole. */
export type EditAction = 'set' | 'unset';

/**
 * Reads a dotted key such as `federation.dirty` or `federation.peers.hub.aws.region`.
 * @throws Failure `config-unknown-key` with the nearest key, `not-supported`, `invalid-peer-name`, `bad-usage` for a
 * mapping that is to be set
 */
export function parseSettingKey(key: string, action: EditAction): SettingKey {
  const [section = '', name, ...rest] = key.split('.');
  const known = SECTIONS.find((one) => one === section);
  if (known === undefined || name === undefined) throw unknownKey(key);
  const keys = sectionKeys(known);
  const problem = keyProblem(name, { keys, prefix: `${known}.` });
  if (problem !== null) return stray(key, problem, action);
  if (known === 'federation' && name === 'peers') return peerKey(key, rest, action);
  if (known === 'federation' && name === 'server') return serverKey(key, rest, action);
  if (rest.length > 0) throw unknownKey(key);
  if (keys[name] === 'ignored')
    throw new Failure('config-unknown-key', `${key} has no effect on dolt-federation`, {
      hint: `The key belongs to beads. Use \`bd config ${action} ${key}\`.`,
    });
  return { kind: 'section', path: [known, name], form: FORMS.get(key) ?? 'text' };
}

function serverKey(key: string, path: KeyPath, action: EditAction): SettingKey {
  const [option, ...rest] = path;
  if (option === undefined) {
    if (action === 'set') throw isMapping(key, 'federation.server.port 3306');
    return { kind: 'section', path: ['federation', 'server'], form: 'text' };
  }
  const keys = Object.fromEntries(SERVER_KEYS.map((name) => [name, 'read' as const]));
  const problem = keyProblem(option, { keys, prefix: 'federation.server.' });
  if (problem !== null) return stray(key, problem, action);
  const known = SERVER_KEYS.find((name) => name === option);
  if (known === undefined || rest.length > 0) throw unknownKey(key);
  return { kind: 'section', path: ['federation', 'server', known], form: SERVER_FORMS[known] };
}

function peerKey(key: string, [name, ...path]: KeyPath, action: EditAction): SettingKey {
  if (name === undefined) throw unknownKey(key);
  parsePeerName(name);
  const [option, inner, ...rest] = path;
  if (option === undefined) return { kind: 'peer', name, path, form: 'text' };
  const prefix = `federation.peers.${name}.`;
  const problem =
    keyProblem(option, { keys: PEER_KEYS, prefix }) ??
    (option === 'aws' && inner !== undefined ? keyProblem(inner, { keys: AWS_KEYS, prefix: `${prefix}aws.` }) : null);
  if (problem !== null) return stray(key, problem, action);
  if (option === 'aws' && inner === undefined) {
    if (action === 'set') throw isMapping(key, `${prefix}aws.region eu-west-1`);
    return { kind: 'peer', name, path, form: 'text' };
  }
  const form = PEER_FORMS.get(path.join('.')) ?? (option === 'endpoint' && inner === undefined ? 'text' : undefined);
  if (form === undefined || rest.length > 0) throw unknownKey(key);
  return { kind: 'peer', name, path, form };
}

/** @throws Failure the problem, unless the key is to be removed */
function stray(key: string, problem: Failure, action: EditAction): SettingKey {
  if (action === 'set') throw problem;
  return { kind: 'stray', path: key.split('.'), problem };
}

function isMapping(key: string, example: string): Failure {
  return new Failure('bad-usage', `${key} has several keys, which are set one by one`, {
    hint: `For example: dolt-federation config set ${example}`,
  });
}

function unknownKey(key: string): Failure {
  return new Failure('config-unknown-key', `unknown configuration key ${shownValue(key)}`, {
    hint: 'Keys look like `federation.dirty` or `federation.peers.<name>.role`. `dolt-federation config list` prints them.',
  });
}

const texts = z.array(z.string());

/**
 * A value of the command line in the form that the file has; the schema of the configuration refuses what does not fit.
 */
export function parseSettingValue(text: string, form: ValueForm): NewValue {
  const word = text.trim().toLowerCase();
  if (form === 'number' && /^\d{1,9}$/.test(word)) return Number(word);
  const isBoolean = form === 'boolean' || form === 'boolean-or-list';
  if (isBoolean && (word === 'true' || word === 'false')) return word === 'true';
  return form === 'list' || form === 'boolean-or-list' ? listOf(text) : text;
}

/** Items separated by commas or blanks, or a list as in the file. */
function listOf(text: string): readonly string[] {
  if (/^\s*\[.*\]\s*$/s.test(text)) {
    try {
      const list = texts.safeParse(parse(text));
      if (list.success) return list.data;
    } catch {
      // A pattern may begin with a bracket.
    }
  }
  return text.split(/[\s,]+/).filter((item) => item !== '');
}
