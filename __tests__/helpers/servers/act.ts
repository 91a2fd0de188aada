import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TempFolder } from '../temp-folder.ts';
import { serverProgram } from './server-program.ts';

/** What a run of a workflow needs besides its file. */
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

/** A local replacement for GitHub's artifact store: saves uploads to a folder. */
const UPLOAD = `const { copyFileSync, mkdirSync } = require('node:fs');
const { basename, join } = require('node:path');
const { INPUT_NAME: name, INPUT_PATH: path, ARTIFACTS: folder } = process.env;
mkdirSync(join(folder, name), { recursive: true });
copyFileSync(path, join(folder, name, basename(path)));
`;
const UPLOAD_METADATA = `name: upload
description: keeps a file
inputs: {name: {description: name}, path: {description: file}}
runs: {using: node20, main: index.js}
`;

/** Runs our step and keeps its job summary: act empties the file before each step and shows it nowhere. */
const MAIN = `const { appendFileSync, readFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { status } = spawnSync(process.execPath, [join(__dirname, 'main.js')], { stdio: 'inherit' });
appendFileSync(process.env.SUMMARIES, readFileSync(process.env.GITHUB_STEP_SUMMARY, 'utf8'));
process.exitCode = status ?? 1;
`;

const SCHEDULE = {
  name: 'schedule',
  payload: { repository: { default_branch: 'main', visibility: 'private', private: true } },
};

/**
 * Runs the workflows of a repository for an event with act, which reads them as GitHub does. The jobs run on this machine
 * instead of in a container; the Action is this repository's, and checkout is a copy of the repository.
 */
export async function runWorkflows(
  folder: TempFolder,
  { event = SCHEDULE, repository, secrets, env }: ActRun,
): Promise<ActEnd> {
  const [action, upload, artifacts] = [
    folder.file('act', 'action'),
    folder.file('act', 'upload'),
    folder.file('artifacts'),
  ];
  await mkdir(folder.file('act', 'home'), { recursive: true });
  await mkdir(upload, { recursive: true });
  await mkdir(artifacts, { recursive: true });
  await cp('dist', join(action, 'dist'), { recursive: true });
  await writeFile(join(action, 'dist', 'keeping.cjs'), MAIN);
  const summaries = folder.file('act', 'summary.md');
  await writeFile(summaries, '');
  await mkdir(join(action, 'validate'), { recursive: true });
  for (const file of ['action.yml', 'validate/action.yml']) {
    const metadata = await readFile(file, 'utf8');
    await writeFile(join(action, file), metadata.replace('dist/main.js', 'dist/keeping.cjs'));
  }
  await writeFile(join(upload, 'action.yml'), UPLOAD_METADATA);
  await writeFile(join(upload, 'index.js'), UPLOAD);
  await writeFile(folder.file('act', 'event.json'), JSON.stringify(event.payload));
  const args = [
    ...[event.name, '--eventpath', folder.file('act', 'event.json')],
    ...['ubuntu-latest', 'self-hosted'].flatMap((label) => ['--platform', `${label}=-self-hosted`]),
    ...['--local-repository', `OWNER/dolt-federation@COMMIT=${action}`],
    ...['--local-repository', `actions/upload-artifact@v6=${upload}`],
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
