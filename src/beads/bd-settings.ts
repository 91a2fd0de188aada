import { join } from 'node:path';
import { isAlias, isScalar } from 'yaml';
import { Problems } from '../config/problems.ts';
import { bdUserFiles } from '../config/user-files.ts';
import { parseYaml } from '../config/yaml/parse.ts';
import { writtenKeys } from '../config/yaml/written-keys.ts';
import type { Env } from '../core/env.ts';
import { type Location, placeOf } from '../core/failure.ts';
import { readIfThere } from '../core/files.ts';

/** A value that decides where bd searches for its database, and its name in messages. */
export interface Signal {
  readonly value: string;
  /** `dolt.mode` or `BEADS_DOLT_SERVER_MODE`. */
  readonly name: string;
  /** The position in a file; null: an environment variable. */
  readonly at: Location | null;
}

/** The keys of bd's configuration that decide it, `db` and `dolt.…`, in lower case. */
export type BdSettings = ReadonlyMap<string, Signal>;

/**
 * Reads bd's keys as bd 1.3.0 does: nested or flat, in any case, from the workspace's config.local.yaml and
 * config.yaml, then from the user's files. A variable `BD_DOLT_…` overrides them all.
 * @param userHome whether the user's files count
 * @throws Failure `config-syntax`, `config-unreadable`, `config-invalid`
 */
export async function bdSettings(workspace: string, env: Env, userHome: boolean): Promise<BdSettings> {
  const files = [
    ...(userHome ? bdUserFiles(env) : []),
    join(workspace, 'config.yaml'),
    join(workspace, 'config.local.yaml'),
  ];
  const layers = await Promise.all(files.map(keysOf));
  const variables = Object.entries(env).flatMap(([name, value]) => {
    const key = /^BD_DOLT_(\w+)$/.exec(name)?.[1]?.toLowerCase().replaceAll('_', '-');
    return key === undefined ? [] : [[`dolt.${key}`, { value, name, at: null }] as const];
  });
  return new Map([...layers.flat(), ...variables]);
}

/** A variable as a signal; undefined if it is not set. */
export function variable(env: Env, name: string): Signal | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : { value, name, at: null };
}

/**
 * The texts that bd 1.3.0 reads as true (Go's strconv.ParseBool), in lower case; it silently takes every other text as
 * false.
 */
const ON = ['1', 't', 'true'];
const OFF = ['0', 'f', 'false', ''];

/** Whether a signal is on; null for a value that is neither true nor false. */
export function isOn(signal: Signal | undefined): boolean | null {
  const value = signal?.value.toLowerCase() ?? '';
  return ON.includes(value) ? true : OFF.includes(value) ? false : null;
}

/** A signal in a message: `dolt.mode: proxied (/x/config.yaml:3:1)`. */
export function signalText({ name, value, at }: Signal): string {
  return at === null ? `the variable ${name}=${value}` : `${name}: ${value} (${placeOf(at)})`;
}

async function keysOf(file: string): Promise<readonly (readonly [string, Signal])[]> {
  const yaml = parseYaml((await readIfThere(file)) ?? '', file);
  const problems = new Problems();
  const keys = writtenKeys(yaml, problems);
  problems.throwIfAny();
  return keys.flatMap(({ name: written, keyAt, node }) => {
    const name = written.toLowerCase();
    if (name !== 'db' && !name.startsWith('dolt.')) return [];
    const resolved = isAlias(node) ? node.resolve(yaml.document) : node;
    const value = isScalar(resolved) ? resolved.value : undefined;
    return value === undefined ? [] : [[name, { name, value: String(value ?? ''), at: keyAt }] as const];
  });
}
