import type { Context } from '../../src/commands/context.ts';
import { DEFAULT_SYNC_REQUEST, type SyncRequest } from '../../src/commands/request.ts';
import { sync } from '../../src/commands/sync.ts';
import type { RunResult } from '../../src/contract/result.ts';
import { type Env, readEnv } from '../../src/core/env.ts';
import type { PeerEvent } from '../../src/core/logger.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { testDolt } from './dolt-binary.ts';
import type { TempFolder } from './temp-folder.ts';

export interface Commanded {
  readonly result: RunResult;
  /** The messages of the run. */
  readonly log: readonly string[];
}

export interface CommandOptions extends Partial<SyncRequest> {
  /** Variables of the job, in addition to PATH. */
  readonly env?: Env;
  /** Whether HOME is the user's own, as in a terminal. */
  readonly userHome?: boolean;
  readonly githubToken?: string;
  /** The boundary of a job; null: none, as in a terminal. */
  readonly ceiling?: string | null;
  /** Receives each message when it is written. */
  readonly heard?: (message: string) => void;
  /** Parent of private folders; absent: a folder of the test. */
  readonly tempDir?: string;
  /** The folder for copies of served databases; absent: none. */
  readonly stateDir?: string;
  /** Receives each step of a peer before it starts. */
  readonly onEvent?: (event: PeerEvent) => void;
  /** Receives the secrets of the run. */
  readonly secrets?: Secrets;
  /** Interrupts the run. */
  readonly signal?: AbortSignal;
  /** Receives each folder and process of the run when it begins. */
  readonly onResource?: Context['onResource'];
}

type ContextOptions = Pick<
  CommandOptions,
  | 'env'
  | 'userHome'
  | 'ceiling'
  | 'heard'
  | 'tempDir'
  | 'stateDir'
  | 'onEvent'
  | 'onResource'
  | 'untrusted'
  | 'secrets'
  | 'signal'
>;

/** The context of a command in a folder. @param log collects its messages */
export function commandContext(
  folder: TempFolder,
  {
    env = {},
    userHome = false,
    heard,
    onEvent,
    onResource = () => undefined,
    stateDir,
    tempDir = folder.file('tmp'),
    ceiling = folder.path,
    untrusted,
    secrets = new Secrets(),
    signal = new AbortController().signal,
  }: ContextOptions,
  log: string[],
): Context {
  const say = (message: string) => {
    log.push(message);
    heard?.(message);
  };
  return {
    env: { PATH: readEnv()['PATH'] ?? '', ...env },
    cwd: folder.path,
    ceiling,
    untrusted,
    tempDir,
    ...(stateDir === undefined ? {} : { stateDir }),
    toolCacheDir: folder.file('tools'),
    cloneDir: null,
    userHome,
    log: { debug() {}, info: say, warning: say },
    secrets,
    onProgress: (event) => {
      if ('peer' in event) onEvent?.(event);
    },
    signal,
    onResource,
  };
}

/** A request as the frontends make it. `peers` is YAML, as for the input. */
export function requestOf(peers: string, options: CommandOptions): SyncRequest {
  return {
    ...DEFAULT_SYNC_REQUEST,
    parallel: 4,
    database: 'local',
    reportValues: 'full',
    dolt: { source: 'release', path: testDolt(), githubToken: options.githubToken },
    ...options,
    overrides: { peers, ...options.overrides },
  };
}

/** Runs `sync`, `pull`, `push` or `status` as the frontends do. `peers` is YAML, as for the input. */
export async function command(folder: TempFolder, peers: string, options: CommandOptions = {}): Promise<Commanded> {
  const log: string[] = [];
  const context = commandContext(folder, options, log);
  const { result } = await sync(requestOf(peers, options), context);
  return { result, log };
}
