import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TempFolder } from '../temp-folder.ts';
import { writeActions } from './act-actions.ts';
import { serverProgram } from './server-program.ts';

/** The options of a run of a workflow, in addition to its file. */
export interface ActRun {
  /** The event that starts it; absent: a schedule of a private repository. */
  readonly event?: { readonly name: string; readonly payload: unknown };
  /** Folder of the repository. */
  readonly repository: string;
  readonly secrets: Readonly<Record<string, string>>;
  /** Variables of the job, such as the addresses of local servers. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ActEnd {
  readonly exitCode: number | undefined;
  readonly log: string;
  /** The job summaries of our steps, one after the other. */
  readonly summary: string;
  /** The files that `actions/upload-artifact` was given, by name. */
  readonly artifacts: ReadonlyMap<string, string>;
}

const SCHEDULE = {
  name: 'schedule',
  payload: { repository: { default_branch: 'main', visibility: 'private', private: true } },
};

/**
 * Runs the workflows of a repository for an event with act, which reads them as GitHub does. The jobs run on this
 * machine instead of in a container; the Action is this repository's, and checkout is a copy of the repository.
 */
export async function runWorkflows(
  folder: TempFolder,
  { event = SCHEDULE, repository, secrets, env }: ActRun,
): Promise<ActEnd> {
  const artifacts = folder.file('artifacts');
  const summaries = folder.file('act', 'summary.md');
  await mkdir(folder.file('act', 'home'), { recursive: true });
  await mkdir(artifacts, { recursive: true });
  await writeFile(summaries, '');
  const local = await writeActions(folder, repository);
  await writeFile(folder.file('act', 'event.json'), JSON.stringify(event.payload));
  const args = [
    ...[event.name, '--eventpath', folder.file('act', 'event.json')],
    ...['ubuntu-latest', 'self-hosted'].flatMap((label) => ['--platform', `${label}=-self-hosted`]),
    ...['--workflows', local.workflows, ...local.args],
    ...Object.keys(secrets).flatMap((name) => ['--secret', name]),
    ...Object.entries({ ...env, ARTIFACTS: artifacts, SUMMARIES: summaries }).flatMap(([name, value]) => [
      '--env',
      `${name}=${value}`,
    ]),
  ];
  const { exitCode, all } = await execa(serverProgram('ACT'), args, {
    cwd: repository,
    env: { PATH: env['PATH'] ?? '', HOME: folder.file('act', 'home'), ...secrets },
    extendEnv: false,
    reject: false,
    all: true,
    timeout: 120_000,
  });
  const summary = await readFile(summaries, 'utf8');
  return { exitCode, log: all, summary, artifacts: await kept(artifacts) };
}

async function kept(artifacts: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(artifacts, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (path) => [path, await readFile(path, 'utf8')] as const)));
}
