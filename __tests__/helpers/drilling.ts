import { stringify } from 'yaml';
import { type Contents, type Depth, readContents } from '../../src/backup/contents.ts';
import { type DrillResult, drillPeer } from '../../src/backup/drill.ts';
import { accessTo } from '../../src/commands/prepare/peer-access.ts';
import { type Env, readEnv } from '../../src/core/env.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { NO_CREDENTIALS } from '../../src/dolt/engine-credentials.ts';
import type { EngineContext } from '../../src/dolt/server/server.ts';
import { configure } from './configuring.ts';
import { testDolt } from './dolt-binary.ts';
import type { Written } from './endpoint-forms.ts';
import { withEngines } from './federating.ts';
import type { TempFolder } from './temp-folder.ts';

/** The peer that a drill reads, and the contents that it expects. */
export interface Drill {
  readonly peer: Written & { readonly endpoint: string };
  readonly expected: Contents;
  readonly depth?: Depth;
  readonly tag?: string | null;
  readonly branch?: string;
  readonly credentials?: Written | null;
  /** Variables of the job, in addition to PATH. */
  readonly env?: Env;
  readonly dolthubHost?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly dolt?: string;
  readonly onStep?: () => void;
  readonly onResource?: EngineContext['onResource'];
}

/** The contents of a database at a commit, as a run reads them. */
export async function contentsOf(
  folder: TempFolder,
  database: string,
  commit: string,
  depth: Depth = 'full',
): Promise<Contents> {
  return await withEngines(database, folder.file('tmp'), (engines) =>
    engines.use(NO_CREDENTIALS, (engine) => readContents(engine.database, commit, depth)),
  );
}

/** Drills the peer `far`. Private folders are made in `drills` of the folder. */
export async function drill(folder: TempFolder, test: Drill): Promise<DrillResult> {
  const { credentials = null, dolthubHost, expected, depth = 'full', tag = 'v1' } = test;
  const env = { PATH: readEnv()['PATH'] ?? '', ...test.env };
  const overrides = { ...(dolthubHost === undefined ? {} : { dolthubHost }), peers: stringify({ far: test.peer }) };
  const [peer] = configure('', { env, overrides }).peers;
  if (peer === undefined) throw new Error('no peer');
  const secrets = new Secrets();
  const access = accessTo(peer, {
    credentials:
      credentials === null ? new Map() : parseCredentials({ text: stringify({ far: credentials }), name: 'c' }, env),
    job: { env, userHome: false },
    dolthubHost: dolthubHost ?? 'doltremoteapi.dolthub.com',
    patterns: [],
    capabilities: { s3: false },
  });
  return await drillPeer(
    {
      env,
      userHome: false,
      tempDir: folder.file('drills'),
      signal: test.signal ?? new AbortController().signal,
      onResource: (resource) => test.onResource?.(resource),
      secrets,
      onProgress: () => test.onStep?.(),
    },
    {
      peer,
      access,
      branch: test.branch ?? 'main',
      tag,
      expected,
      depth,
      dolt: test.dolt ?? testDolt(),
      timeoutMs: test.timeoutMs ?? 120_000,
      retries: test.retries ?? 0,
    },
  );
}
