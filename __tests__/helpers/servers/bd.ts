import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Env } from '../../../src/core/env.ts';
import { readEnv } from '../../../src/core/env.ts';
import { type Finished, run } from '../../../src/dolt/process.ts';
import { testDolt } from '../dolt-binary.ts';
import { git } from '../git.ts';
import type { TempFolder } from '../temp-folder.ts';
import { madeOncePerRun } from '../templates.ts';
import { serverProgram } from './server-program.ts';

/** The real bd in a folder, with a home folder and an environment of its own. */
export interface Bd {
  /** The folder that it runs in. */
  readonly cwd: string;
  /** Its environment. */
  readonly env: Env;
  /** Runs a command; it may fail. */
  run(...args: readonly string[]): Promise<Finished>;
  /** Runs a command that must not fail. @returns standard output */
  ok(...args: readonly string[]): Promise<string>;
  /** Creates an issue. @returns its id */
  create(title: string, ...flags: readonly string[]): Promise<string>;
  /** The titles of all open issues, in order. */
  titles(): Promise<readonly string[]>;
  /** The same in another folder. */
  at(cwd: string): Bd;
}

/** @param env variables in addition to PATH and HOME */
export function bdIn(folder: TempFolder, cwd: string, env: Env = {}): Bd {
  const all = {
    PATH: [dirname(testDolt()), dirname(serverProgram('GIT')), readEnv()['PATH'] ?? ''].join(delimiter),
    HOME: folder.file('home'),
    CI: 'true',
    // bd sends no usage data.
    BD_METRICS_DISABLED: 'true',
    BD_DISABLE_EVENT_FLUSH: '1',
    // Its commands are short, and usual garbage collection would take a fifth of their time.
    GOGC: '400',
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.org',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.org',
    ...env,
  };
  const start = (...args: readonly string[]) => run(serverProgram('BD'), args, { env: all, cwd, timeoutMs: 120_000 });
  const ok = async (...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await start(...args);
    if (exitCode !== 0) throw new Error(`bd ${args.join(' ')} ended with ${exitCode}: ${stderr}${stdout}`);
    return stdout;
  };
  return {
    cwd,
    env: all,
    run: start,
    ok,
    create: async (title, ...flags) => (await ok('create', title, '--silent', ...flags)).trim(),
    at: (other) => bdIn(folder, other, env),
    titles: async () => {
      const listed: { title: string }[] = JSON.parse(await ok('list', '--json', '--limit', '0'));
      return listed.map(({ title }) => title).sort();
    },
  };
}

/**
 * A git repository with a beads workspace in `repo`, made by bd, with one issue, `ours`, that federates with the mailbox
 * `box`.
 * @param flags of `bd init`
 */
export async function bdWorkspace(folder: TempFolder, flags: readonly string[], env: Env = {}): Promise<Bd> {
  const cwd = folder.file('repo');
  for (const path of [cwd, folder.file('home')]) await mkdir(path, { recursive: true });
  const bd = bdIn(folder, cwd, env);
  const make = async (): Promise<void> => {
    await git(cwd, 'init', '--quiet', '-b', 'main');
    await bd.ok('init', '-p', 'north', ...flags, '--skip-agents', '--skip-hooks', '--quiet');
    await bd.ok('create', 'ours', '--quiet');
  };
  // A server of bd belongs to the folder in which it was started.
  await (flags.length === 0 ? madeOncePerRun('bd-workspace', cwd, make) : make());
  const federation = `\nsync: {mode: dolt-native}\nfederation: {remote: "file://${folder.file('box')}"}\n`;
  await appendFile(folder.file('repo', '.beads', 'config.yaml'), federation);
  return bd;
}

/** In nanoseconds. The default of bd, 30 s, ends a proxy even during a run on a slow machine. */
const TEN_MINUTES = 600_000_000_000;

/**
 * Writes bd's files of a workspace of the same project whose bd works behind a proxy. The proxy ends ten minutes after
 * its last client.
 * @param from the `.beads` of the other workspace
 */
export async function proxiedWorkspace(beads: string, from: string): Promise<void> {
  const metadata: object = JSON.parse(await readFile(join(from, 'metadata.json'), 'utf8'));
  await mkdir(beads, { recursive: true });
  await writeFile(join(beads, 'metadata.json'), JSON.stringify({ ...metadata, dolt_mode: 'proxied-server' }));
  await writeFile(join(beads, 'proxied_server_client_info.json'), JSON.stringify({ idle_timeout: TEN_MINUTES }));
}
