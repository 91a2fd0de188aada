import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { readEnv } from '../../src/core/env.ts';
import { COMPILE_CACHE, childNode } from './child-node.ts';
import { readCommands, readKeyValues, type WorkflowCommand } from './runner-protocol.ts';
import type { TempFolder } from './temp-folder.ts';

/** The variables of a step, in addition to those of the runner. */
export interface Step {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly event?: { readonly name: string; readonly ref?: string; readonly payload?: unknown };
  readonly env?: Readonly<Record<string, string>>;
  /** Another action's metadata, below the repository. */
  readonly action?: string;
}

/** The outputs of a step, read like a runner reads them. */
export interface StepEnd {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly commands: readonly WorkflowCommand[];
}

/** A runner that starts the committed bundles as GitHub's does, in an environment with no other variables. */
export interface FakeRunner {
  readonly workspace: string;
  readonly temp: string;
  readonly stateFile: string;
  /** Starts main and leaves the process to the caller. */
  start(step?: Step): Promise<{ readonly running: StepProcess }>;
  /** The outputs of a started step, once it has ended. */
  end(started: { readonly running: StepProcess }): Promise<StepEnd>;
  main(step?: Step): Promise<StepEnd>;
  post(state: Readonly<Record<string, string>>): Promise<StepEnd>;
}

const FILES = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV', 'GITHUB_PATH'] as const;

export const TOKEN = 'ghs_0123456789abcdefghijklmnopqrstuvwxyz';

/** A schedule of a private repository, which may write. */
const SCHEDULE = {
  name: 'schedule',
  payload: { repository: { default_branch: 'main', visibility: 'private', private: true } },
};

export async function fakeRunner(folder: TempFolder): Promise<FakeRunner> {
  const workspace = folder.file('workspace');
  const temp = folder.file('temp');
  const base = {
    PATH: readEnv()['PATH'] ?? '',
    HOME: folder.file('home'),
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: temp,
    RUNNER_TOOL_CACHE: folder.file('tools'),
    ...Object.fromEntries(FILES.map((name) => [name, folder.file(name)])),
  };
  await mkdir(folder.path, { recursive: true });
  for (const path of [workspace, temp, folder.file('tools'), folder.file('home')]) await mkdir(path);

  const start = async ({ inputs = {}, event = SCHEDULE, env = {}, action = 'action.yml' }: Step = {}) => {
    for (const name of FILES) await writeFile(folder.file(name), '');
    await writeFile(folder.file('event.json'), JSON.stringify(event.payload ?? SCHEDULE.payload));
    const eventVariables = {
      GITHUB_EVENT_NAME: event.name,
      GITHUB_REF: event.ref ?? 'refs/heads/main',
      GITHUB_EVENT_PATH: folder.file('event.json'),
    };
    return {
      running: spawnEntry('main', { ...base, ...eventVariables, ...(await inputVariables(action, inputs)), ...env }),
    };
  };
  const end = async ({ running }: { running: StepProcess }): Promise<StepEnd> => {
    const { exitCode, stdout } = await running;
    return {
      exitCode,
      stdout,
      outputs: readKeyValues(await readFile(folder.file('GITHUB_OUTPUT'), 'utf8')),
      state: readKeyValues(await readFile(folder.file('GITHUB_STATE'), 'utf8')),
      summary: await readFile(folder.file('GITHUB_STEP_SUMMARY'), 'utf8'),
      commands: readCommands(stdout),
    };
  };
  return {
    workspace,
    temp,
    stateFile: folder.file('GITHUB_STATE'),
    start,
    end,
    main: async (step) => end(await start(step)),
    post: async (state) => {
      for (const name of FILES) await writeFile(folder.file(name), '');
      const variables = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]);
      return end({ running: spawnEntry('post', { ...base, ...Object.fromEntries(variables) }) });
    },
  };
}

type StepProcess = ReturnType<typeof spawnEntry>;

function spawnEntry(entry: 'main' | 'post', env: Readonly<Record<string, string>>) {
  const bundle = join(process.cwd(), 'dist', `${entry}.js`);
  return execa(childNode(), [bundle], {
    env: { ...COMPILE_CACHE, ...env },
    extendEnv: false,
    reject: false,
    all: true,
  });
}

/** The inputs as the runner sets them: those of the workflow, otherwise the defaults of the metadata. */
async function inputVariables(action: string, given: Readonly<Record<string, string>>) {
  const metadata: { inputs: Record<string, { default?: string }> } = parse(await readFile(action, 'utf8'));
  const values = Object.entries(metadata.inputs).map(([name, entry]) => {
    const value = given[name] ?? entry.default ?? '';
    return [`INPUT_${name.toUpperCase()}`, value.replace(/^\$\{\{ github\.token \}\}$/, TOKEN)] as const;
  });
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(metadata.inputs, name));
  if (unknown.length > 0) throw new Error(`${action} has no input ${unknown.join(', ')}`);
  return Object.fromEntries(values);
}
