import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { type Boundary, isOwn, requireWithin } from '../core/boundary.ts';
import type { Env } from '../core/env.ts';
import { Failure, type Location } from '../core/failure.ts';
import { realPath } from '../core/files.ts';
import { plainSpelling } from '../core/suggestion.ts';
import { shownValue } from '../core/text.ts';
import type { ConfigSource } from './build.ts';
import type { Origin, PushGuard, Sourced } from './configuration.ts';
import { type ConfigurationContext, readConfigText } from './find-config.ts';
import type { Problems } from './problems.ts';
import { bdUserFiles } from './user-files.ts';
import { parseYaml, type YamlText } from './yaml/parse.ts';
import { type ConfigValue, plain, toConfigValue } from './yaml/tree.ts';
import { writtenKeys } from './yaml/written-keys.ts';

/** A configuration file that beads also reads. */
export interface GuardFile {
  readonly file: string;
  readonly text: string;
  /** Its text, if it is already parsed. */
  readonly yaml?: YamlText;
}

type GuardKey = PushGuard['key'];

/**
 * The keys of beads that forbid a push, and the variables that beads reads for them (bd 1.3.0: `BD_` and the key).
 * `dolt.auto-push` is not among them: it only decides whether bd pushes after each of its own writes.
 */
const GUARDS = {
  'no-push': 'BD_NO_PUSH',
  'dolt.local-only': 'BD_DOLT_LOCAL_ONLY',
  readonly: 'BD_READONLY',
} as const satisfies Partial<Record<GuardKey, string>>;
type BeadsGuard = keyof typeof GUARDS;
/** The strictest first. */
const KEYS: readonly BeadsGuard[] = ['readonly', 'no-push', 'dolt.local-only'];

/** Spellings without separators that can only be a mistyped guard. */
const PLAIN_SPELLINGS: ReadonlyMap<string, BeadsGuard> = new Map<string, BeadsGuard>([
  ['nopush', 'no-push'],
  ['doltnopush', 'no-push'],
  ['doltlocalonly', 'dolt.local-only'],
  ['localonly', 'dolt.local-only'],
  ['readonly', 'readonly'],
]);

/**
 * The texts that bd 1.3.0 reads as a boolean (Go's strconv.ParseBool); it silently treats every other text as false.
 */
const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...[true, 1, '1', 't', 'T', 'TRUE', 'true', 'True'].map((written) => [written, true] as const),
  ...[false, 0, '0', 'f', 'F', 'FALSE', 'false', 'False'].map((written) => [written, false] as const),
]);

type Found = ReadonlyMap<BeadsGuard, Sourced<boolean>>;

/**
 * The guard of beads that forbids pushing; null if there is none. As in bd, for each key a variable overrides the
 * files, and a later file an earlier one.
 * @param files low to high
 * @param problems receives values that are not booleans, keys that are nearly a guard, and those that are not read
 */
export function readGuards(files: readonly GuardFile[], env: Env, problems: Problems): PushGuard | null {
  const layers: Found[] = files.map((file) => guardsOfFile(file, problems));
  layers.push(guardsOfEnvironment(env, problems));
  for (const key of KEYS) {
    const effective = layers.findLast((layer) => layer.has(key))?.get(key);
    if (effective?.value === true) return { key, origin: effective.origin };
  }
  return null;
}

function guardsOfFile(source: GuardFile, problems: Problems): Found {
  const found = new Map<BeadsGuard, Sourced<boolean>>();
  const yaml = source.yaml ?? problems.attempt(() => parseYaml(source.text, source.file));
  if (yaml === undefined) return found;
  for (const { name, keyAt, node } of writtenKeys(yaml, problems)) {
    const key = KEYS.find((one) => one === name.toLowerCase());
    if (key === undefined) {
      const meant = nearGuard(name);
      if (meant !== null) problems.add(misspelt(name, meant, keyAt));
      continue;
    }
    problems.attempt(() => {
      const value = asBoolean(name, toConfigValue(yaml, node, keyAt));
      const other = found.get(key);
      if (other !== undefined && other.value !== value) {
        throw new Failure('config-ambiguous', `${key} is written twice with different values`, { location: keyAt });
      }
      found.set(key, other ?? { value, origin: { layer: 'file', location: keyAt } });
    });
  }
  return found;
}

function asBoolean(name: string, value: ConfigValue): boolean {
  const written = plain(value);
  const read = BOOLEANS.get(written);
  if (read !== undefined) return read;
  throw new Failure('config-invalid', `${name} is ${shownValue(written)}, not true or false`, {
    hint: 'Write `true` or `false`. bd reads any other value as false.',
    location: value.at,
  });
}

/** The guard that a key was probably meant to be; null if it is probably another key. */
function nearGuard(name: string): BeadsGuard | null {
  const spelling = plainSpelling(name);
  const near = [...PLAIN_SPELLINGS].find(([known]) => distance(known, spelling) <= 1);
  return near?.[1] ?? null;
}

function misspelt(name: string, meant: string, location?: Location): Failure {
  return new Failure('config-unknown-key', `${shownValue(name)} is not a key of beads, so it has no effect`, {
    hint: `Did you mean \`${meant}\`? Correct the spelling or remove it.`,
    location,
  });
}

function guardsOfEnvironment(env: Env, problems: Problems): Found {
  const found = new Map<BeadsGuard, Sourced<boolean>>();
  for (const key of KEYS) {
    const variable = GUARDS[key];
    const written = env[variable];
    if (written === undefined || written === '') continue;
    const value = BOOLEANS.get(written);
    const origin: Origin = { layer: 'environment', variable };
    if (value !== undefined) found.set(key, { value, origin });
    else {
      problems.add(
        new Failure('config-invalid', `${variable} is ${shownValue(written)}, not true or false`, {
          hint: 'Set it to `true` or `false`, or unset it. bd reads any other value as false.',
        }),
      );
    }
  }
  const variables: readonly string[] = Object.values(GUARDS);
  for (const [name, value] of Object.entries(env)) {
    const [, rest] = /^(?:BD|BEADS)_(.+)$/.exec(name) ?? [];
    if (rest === undefined || value === undefined || value === '' || variables.includes(name)) continue;
    const meant = PLAIN_SPELLINGS.get(plainSpelling(rest));
    if (meant !== undefined) problems.add(misspelt(name, GUARDS[meant]));
  }
  return found;
}

/** Settings of one machine; git does not track this file. */
const LOCAL = 'config.local.yaml';

/**
 * The files that bd 1.3.0 merges with the configuration file: the user's own below it, `config.local.yaml` above it;
 * and those of the workspace, if another file was named. Settings are not read from them, but a guard that forbids
 * pushing counts in all of them.
 * @throws Failure `config-unreadable`
 */
export async function readGuardFiles(
  { file, workspace }: { readonly file: string | null; readonly workspace: string | null },
  context: ConfigurationContext,
): Promise<Required<Pick<ConfigSource, 'below' | 'above'>>> {
  const above = file === null ? [] : [join(dirname(file), LOCAL)];
  const userFiles = context.userHome ? bdUserFiles(context.env) : [];
  const below = [...userFiles, ...guardFilesIn(workspace)].filter((path) => path !== file && !above.includes(path));
  return { below: await readAll(below), above: await readAll(above) };
}

/**
 * The files with the guards of a database's own workspaces, which may differ from that of the configuration, for example
 * if `--database` names a database elsewhere: that around its path, and that around its place if a link leads there.
 * @param known the workspace of the configuration
 * @throws Failure `config-unreadable`, `outside-workspace` for a link of the checkout
 */
export async function readGuardFilesOf(
  database: string,
  known: string | null,
  boundary: Boundary | null,
): Promise<readonly GuardFile[]> {
  const read = new Set(known === null ? [] : [await realPath(known)]);
  const found: GuardFile[] = [];
  for (const path of [database, await realPath(database)]) {
    const workspace = workspaceAround(path);
    const place = workspace === null ? null : await realPath(workspace);
    if (workspace === null || place === null || read.has(place)) continue;
    read.add(place);
    const files = guardFilesIn(workspace);
    if (boundary !== null && isOwn(boundary, workspace)) {
      for (const file of files) await requireWithin(boundary, file, { by: file, location: { file } });
    }
    found.push(...(await readAll(files)));
  }
  return found;
}

/** The nearest folder `.beads` of a path; null: it has none. */
function workspaceAround(path: string): string | null {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (basename(folder) === '.beads') return folder;
  }
  return null;
}

/** The files of a workspace that may hold guards. */
export function guardFilesIn(workspace: string | null): readonly string[] {
  return workspace === null ? [] : [join(workspace, 'config.yaml'), join(workspace, LOCAL)];
}

async function readAll(paths: readonly string[]): Promise<GuardFile[]> {
  const files: GuardFile[] = [];
  for (const file of paths) if (await isListed(file)) files.push({ file, text: await readConfigText(file) });
  return files;
}

/** Whether a readable folder lists the file; bd also skips a user file that it cannot find. */
async function isListed(file: string): Promise<boolean> {
  const names: readonly string[] = await readdir(dirname(file)).catch(() => []);
  return names.includes(basename(file));
}

/**
 * Whether `.beads` contains files that only beads creates (bd 1.3.0 calls them project files), and not just a
 * configuration file, which `add-peer` also creates.
 */
export async function isBeadsWorkspace(workspace: string): Promise<boolean> {
  const names = await readdir(workspace).catch(() => []);
  return names.some(
    (name) => ['metadata.json', 'dolt', 'embeddeddolt', 'redirect'].includes(name) || /^(?!vc\.).*\.db$/.test(name),
  );
}
