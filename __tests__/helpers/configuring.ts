import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../../src/commands/context.ts';
import { buildConfiguration } from '../../src/config/build.ts';
import type { ConfigOverrides, Configuration } from '../../src/config/configuration.ts';
import type { ConfigurationContext } from '../../src/config/find-config.ts';
import type { Env } from '../../src/core/env.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { failureOf } from './thrown.ts';

export interface SearchContext {
  readonly env?: Env;
  readonly overrides?: ConfigOverrides;
  readonly workspace?: string | null;
}

/** The configuration of a text in /c.yaml. */
export function configure(
  text: string,
  { env = {}, overrides = {}, workspace = null }: SearchContext = {},
): Configuration {
  return buildConfiguration({ file: '/c.yaml', text, workspace }, env, overrides);
}

/** A context that sees only a folder of the machine. */
export function contextIn(cwd: string, env: Env = {}): ConfigurationContext {
  return { cwd, env, ceiling: null, userHome: false };
}

/** The context of a command in a folder without relevant parents; its warnings go to `warnings`. */
export function commandContext(cwd: string, { env = {}, ceiling = cwd, warnings = [] as string[] } = {}): Context {
  const log = { debug() {}, info() {}, warning: (message: string) => void warnings.push(message) };
  return {
    ...contextIn(cwd, env),
    ceiling,
    tempDir: tmpdir(),
    toolCacheDir: join(cwd, 'no-tool-cache'),
    cloneDir: null,
    log,
    secrets: new Secrets(),
    onProgress() {},
    signal: new AbortController().signal,
    onResource() {},
  };
}

export { failureOf as refusal } from './thrown.ts';

/** Every problem of a text, as `code line:column`. */
export async function problemPlaces(text: string, context?: SearchContext): Promise<readonly string[]> {
  return (await failureOf(() => configure(text, context))).problems.map(
    ({ code, location }) => `${code} ${location?.line ?? '-'}:${location?.column ?? '-'}`,
  );
}
