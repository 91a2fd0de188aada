import { join } from 'node:path';
import { isAlias, isMap, isScalar } from 'yaml';
import { bdUserFiles } from '../config/user-files.ts';
import { parseYaml } from '../config/yaml/parse.ts';
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
 * @throws Failure `config-syntax`, `config-unreadable`
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
  const { root, place, document } = parseYaml((await readIfThere(file)) ?? '', file);
  const found: (readonly [string, Signal])[] = [];
  const add = (key: string, node: unknown, at: Location): void => {
    const resolved = isAlias(node) ? node.resolve(document) : node;
    const value = isScalar(resolved) ? resolved.value : undefined;
    if (value !== undefined) found.push([key, { name: key, value: String(value ?? ''), at }]);
  };
  for (const { key, value } of root?.items ?? []) {
    const name = isScalar(key) ? String(key.value).toLowerCase() : '';
    if (name === 'db' || name.startsWith('dolt.')) add(name, value, place(key));
    if (name !== 'dolt' || !isMap(value)) continue;
    for (const inner of value.items) {
      if (isScalar(inner.key)) add(`dolt.${String(inner.key.value).toLowerCase()}`, inner.value, place(inner.key));
    }
  }
  return found;
}
