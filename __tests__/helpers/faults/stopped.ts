import { watch } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { exitCodeOf } from '../../../src/commands/outcome/exit-code.ts';
import { readEnv } from '../../../src/core/env.ts';
import { COMPILE_CACHE, childNode } from '../child-node.ts';
import { command } from '../commanding.ts';
import { cloneDatabase, makeDatabase, openTestDatabase, remoteHead } from '../database.ts';
import { testDolt } from '../dolt-binary.ts';
import { holdExclusively } from '../hold-lock.ts';
import { startSilentPeer } from '../servers/silent-peer.ts';
import { type TempFolder, tempFolder } from '../temp-folder.ts';
import { MARK, outliving } from './marked-processes.ts';
import { temporaryFiles } from './run.ts';

/** The way of a signal: once, twice in a row, or to the whole group, as from a terminal. */
export const WAYS = ['once', 'twice', 'to the group'] as const;
export type RequestContext = (typeof WAYS)[number];

/** A command for a signal to end. */
interface Stage {
  readonly words: readonly string[];
  /** Resolves when the command reaches the stage. */
  readonly reached: (said: (pattern: RegExp) => Promise<void>) => Promise<unknown>;
  readonly end: () => Promise<void>;
  /** How many rows are added and not committed; absent: none. */
  readonly uncommitted?: number;
}

export const LOCAL = ['--database', 'local', '--dolt-path', testDolt()];
/** The engine gets this time to stop, and then the watchdog gets the same time. */
const ENDS_WITHIN_MS = 12_000;
const nothing = async (): Promise<void> => undefined;

export async function configure(folder: TempFolder, peers: object, strategy = 'newest'): Promise<void> {
  const config = { sync: { mode: 'dolt-native' }, conflict: { strategy }, federation: { peers } };
  await writeFile(folder.file('federation.yaml'), stringify(config));
}

export const boxOf = (folder: TempFolder) => ({ box: `file://${folder.file('box')}` });

/** The stage at which a run reports a step of its peer. */
const saying =
  (pattern: RegExp, command = 'sync') =>
  async (folder: TempFolder): Promise<Stage> => {
    await configure(folder, boxOf(folder));
    return { words: [command, ...LOCAL], reached: (said) => said(pattern), end: nothing };
  };

/** A stage that lasts until a server answers, which it never does. */
const asking =
  (words: (url: string) => readonly string[], nearby: (folder: TempFolder) => object = () => ({})) =>
  async (folder: TempFolder): Promise<Stage> => {
    const silent = await startSilentPeer();
    await configure(folder, { ...nearby(folder), far: { endpoint: silent.url, live: false } });
    return {
      words: words(silent.url),
      reached: () => silent.asked,
      end: async () => await silent[Symbol.asyncDispose](),
    };
  };

/** The stages of commands at which the tests send a signal. */
export const STAGES: Readonly<Record<string, (folder: TempFolder) => Promise<Stage>>> = {
  install: asking((url) => {
    const mirror = url.replace(/\/local$/, '');
    return ['install', '--dolt-version', '9.8.7', '--dolt-sha256', '0'.repeat(64), '--dolt-mirror', mirror];
  }),
  clone: asking(() => ['sync', 'far', '--bootstrap', 'far', '--database', 'new', '--dolt-path', testDolt()]),
  fetch: asking(() => ['sync', ...LOCAL], boxOf),
  merge: saying(/^box: merging/),
  push: saying(/^box: pushing/),
  verify: saying(/^box: verifying/),
  plan: saying(/^box: merging/, 'plan'),
  /** The uncommitted row is in a scratch branch while the branch moves. */
  async advance(folder) {
    await configure(folder, boxOf(folder));
    await openTestDatabase(folder.file('local')).sql("INSERT INTO items VALUES (5, 'uncommitted', 'cid')");
    const isMoving = appeared(folder.file('local', '.dolt'), /^dolt-federation-moves\.json$/);
    return { words: ['sync', ...LOCAL], reached: () => isMoving, end: nothing, uncommitted: 1 };
  },
  async backup(folder) {
    await configure(folder, { vault: { endpoint: `file://${folder.file('vault')}`, role: 'backup' } });
    const words = ['backup', '--tag', 'v1', ...LOCAL];
    return { words, reached: (said) => said(/^vault: .*restoring the backup/), end: nothing };
  },
  async resolve(folder) {
    await configure(folder, boxOf(folder), 'manual');
    await start(folder, ['sync', ...LOCAL], 'setup');
    const file = folder.file('local', '.dolt', 'dolt-federation', 'conflicts.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(/choose:$/gm, 'choose: ours'));
    const isServed = appeared(folder.file('local', '.dolt'), /^sql-server\.info$/);
    return { words: ['resolve', '--file', file, ...LOCAL], reached: () => isServed, end: nothing };
  },
  async 'config edit'(folder) {
    await configure(folder, {});
    const unlock = await holdExclusively(folder.path);
    await mkdir(folder.file('bin'));
    const asks = `#!/bin/sh\n: > '${folder.file('asked')}'\nPATH='${readEnv()['PATH']}' exec flock "$@"\n`;
    await writeFile(folder.file('bin', 'flock'), asks, { mode: 0o755 });
    const isWaiting = appeared(folder.path, /^asked$/);
    const words = ['add-peer', 'box', `file://${folder.file('box')}`];
    const end = async (): Promise<void> => {
      await unlock();
      for (const made of ['bin', 'asked']) await rm(folder.file(made), { recursive: true, force: true });
    };
    return { words, reached: () => isWaiting, end };
  },
};

/** Resolves when a file whose name matches is made in a folder. */
export function appeared(folder: string, name: RegExp): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, (_, made) => {
      if (made === null || !name.test(made)) return;
      watcher.close();
      resolve();
    });
  });
}

/** A database and its mailbox that have each changed the same row and added one. */
export async function makeTemplate(folder: TempFolder): Promise<void> {
  const url = `file://${folder.file('box')}`;
  const local = await makeDatabase(folder.file('local'));
  await local.dolt('remote', 'add', 'seed', url);
  await local.dolt('push', 'seed', 'main');
  await local.dolt('remote', 'remove', 'seed');
  const other = await cloneDatabase(url, folder.file('other'));
  await other.commit('theirs', "UPDATE items SET title = 'x'", "INSERT INTO items VALUES (3, 'theirs', 'eve')");
  await other.dolt('push', 'origin', 'main');
  await local.commit('ours', "UPDATE items SET title = 'y'", "INSERT INTO items VALUES (4, 'ours', 'ann')");
}

export function start(folder: TempFolder, words: readonly string[], mark: string) {
  const config = words[0] === 'install' ? [] : ['--config', 'federation.yaml'];
  return execa(childNode(), [`${process.cwd()}/dist/cli.js`, ...words, ...config], {
    cwd: folder.path,
    env: {
      PATH: `${folder.file('bin')}:${readEnv()['PATH']}`,
      HOME: folder.path,
      XDG_CACHE_HOME: folder.file('.cache'),
      TMPDIR: folder.file('tmp'),
      ...COMPILE_CACHE,
      [MARK]: mark,
    },
    extendEnv: false,
    reject: false,
    detached: true,
  });
}

/** The end of a command after a signal, and the problems that it left. */
export interface Stopped {
  readonly exitCode: number | undefined;
  readonly seconds: number;
  readonly complaints: readonly string[];
}

/** Sends a signal to a command at a stage, and checks all state that it left behind. */
export async function stopAt(
  template: TempFolder,
  { stage, signal, way }: { readonly stage: string; readonly signal: NodeJS.Signals; readonly way: RequestContext },
): Promise<Stopped> {
  await using folder = await tempFolder();
  await cp(template.path, folder.path, { recursive: true });
  await mkdir(folder.file('tmp'));
  const prepared = await STAGES[stage]?.(folder);
  if (prepared === undefined) throw new Error(`there is no stage ${stage}`);
  try {
    return await stopped(folder, prepared, { signal, way });
  } finally {
    await prepared.end();
  }
}

async function stopped(
  folder: TempFolder,
  { words, reached, end, uncommitted = 0 }: Stage,
  { signal, way }: { readonly signal: NodeJS.Signals; readonly way: RequestContext },
): Promise<Stopped> {
  const mark = `stopped-${folder.path}`;
  const child = start(folder, words, mark);
  const pid = child.pid ?? 0;
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (pattern.test(line)) resolve();
      });
    });
  const isOver = await Promise.race([reached(said).then(() => false), child.then(() => true)]);
  if (isOver) throw new Error(`the command ended before that: ${(await child).stderr}`);
  const started = performance.now();
  process.kill(way === 'to the group' ? -pid : pid, signal);
  if (way === 'twice') process.kill(pid, signal);
  const { exitCode } = await child;
  const seconds = (performance.now() - started) / 1000;
  const left = await outliving(mark, ENDS_WITHIN_MS);
  await end();
  const complaints = [
    ...left.map(({ command }) => `still running: ${command}`),
    ...(await temporaryFiles(folder.path)).map((name) => `there is still ${name}`),
    ...(await oddFiles(folder)),
    ...(await oddDatabase(folder, uncommitted)),
  ];
  return { exitCode, seconds, complaints };
}

async function oddFiles(folder: TempFolder): Promise<string[]> {
  const known = new Set(['local', 'box', 'vault', 'other', 'tmp', '.cache', 'federation.yaml', '.test-dolt']);
  const made = (await readdir(folder.path)).filter((name) => !known.has(name));
  const notes = (await readdir(folder.file('local', '.dolt'))).filter((name) => name === 'sql-server.info');
  return [...made, ...notes].map((name) => `there is ${name}`);
}

/** The database must be whole and not half merged, and the next run must merge both sides. */
async function oddDatabase(folder: TempFolder, uncommitted: number): Promise<string[]> {
  const local = openTestDatabase(folder.file('local'));
  const [state] = await local.rows(
    "SELECT (SELECT COUNT(*) FROM dolt_merge_status WHERE is_merging) AS merging, COUNT(*) AS dirty FROM dolt_diff('HEAD', 'WORKING', 'items')",
  );
  await local.dolt('fsck');
  // The run after a signal may be in this process: only its database matters.
  const { result } = await command(folder, stringify(boxOf(folder)));
  const [merged] = await local.rows(
    "SELECT COUNT(*) AS count, (SELECT hash FROM dolt_branches WHERE name = 'main') AS head FROM items",
  );
  const boxHead = await remoteHead(`file://${folder.file('box')}`, folder.file('look', 'local'));
  return [
    ...(Number(state?.['merging']) === 0 ? [] : ['it is half merged']),
    ...(Number(state?.['dirty']) === uncommitted ? [] : [`${state?.['dirty']} rows are not committed`]),
    ...(exitCodeOf(result, 'any') === 0 ? [] : [`the next run: ${JSON.stringify(result)}`]),
    ...(Number(merged?.['count']) === 4 + uncommitted ? [] : [`${merged?.['count']} rows`]),
    ...(merged?.['head'] === boxHead ? [] : ['the heads differ']),
  ];
}
