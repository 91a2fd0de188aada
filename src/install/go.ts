import { join } from 'node:path';
import type { Env } from '../core/env.ts';
import { Failure } from '../core/failure.ts';
import { monotonicMs } from '../core/time.ts';
import { run } from '../dolt/process.ts';
import type { InstallContext } from './dolt-request.ts';
import { executablesOnPath } from './local-dolt.ts';

/** A Go that can build Dolt, or why there is none. */
type Go =
  | { readonly kind: 'go'; readonly path: string; readonly version: string }
  | { readonly kind: 'no-go'; readonly reason: string };

/** go.mod of Dolt 2.3.0 requires Go 1.26; since 1.21 an older Go downloads the required one, if allowed. */
const NEEDED_MINOR = 26;
const FETCHING_MINOR = 21;
const TIMEOUT_MS = 60_000;

/** The minor number in what `go version` prints (`go version go1.26.8 linux/amd64`: 26); null for anything else. */
function parseGoMinor(output: string): number | null {
  const minor = /^go version .*\bgo1\.(\d+)/.exec(output)?.[1];
  return minor === undefined ? null : Number(minor);
}

/**
 * Finds a Go on PATH that can build Dolt.
 * @param env the environment that Go will run with
 * @throws Failure `interrupted`, or `unknown` if a found Go cannot be run
 */
async function findGo(env: Record<string, string>, context: InstallContext): Promise<Go> {
  const [path] = await executablesOnPath('go', context.env);
  if (path === undefined) return { kind: 'no-go', reason: 'no Go was found on PATH' };
  const options = { env, signal: context.signal, timeoutMs: TIMEOUT_MS };
  const { stdout } = await run(path, ['version'], options);
  const version = stdout.trim();
  const minor = parseGoMinor(version);
  if (minor === null)
    return { kind: 'no-go', reason: `"${path} version" does not print the version of a Go: "${version}"` };
  if (minor >= NEEDED_MINOR) return { kind: 'go', path, version };
  const tooOld: Go = { kind: 'no-go', reason: `${path} is too old ("${version}", Go 1.${NEEDED_MINOR} is needed)` };
  if (minor < FETCHING_MINOR) return tooOld;
  const toolchain = (await run(path, ['env', 'GOTOOLCHAIN'], options)).stdout.trim();
  return /(?:^|\+)auto$/.test(toolchain) ? { kind: 'go', path, version } : tooOld;
}

/**
 * Variables that a Go build inherits: programs, folders, network access, the compiler. No token and no credential of
 * the job.
 */
const INHERITED = [
  ...['PATH', 'Path', 'HOME', 'USERPROFILE', 'LOCALAPPDATA', 'TMPDIR', 'TMP', 'TEMP', 'SystemRoot', 'SYSTEMROOT'],
  ...['GOPATH', 'GOMODCACHE', 'GOCACHE', 'GOROOT', 'GOTOOLCHAIN', 'GOFLAGS', 'GOTMPDIR'],
  ...['GOPROXY', 'GONOPROXY', 'GOPRIVATE', 'GOSUMDB', 'GONOSUMDB', 'GOINSECURE'],
  ...['CC', 'CXX', 'CGO_CFLAGS', 'CGO_CPPFLAGS', 'CGO_CXXFLAGS', 'CGO_LDFLAGS'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'XDG_CACHE_HOME', 'RUNNER_TRACKING_ID'],
];

interface GoFolders {
  /** The folder in which `go install` puts the executable. */
  readonly bin: string;
  /** Home folder for the caches of Go, unless the environment names them. */
  readonly home: string;
}

/** The environment of a Go build, from scratch. Dolt 2.3.0 needs cgo (it does not build without). */
export function goEnvironment(env: Env, { bin, home }: GoFolders): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { HOME: home, ...Object.fromEntries(inherited), GOBIN: bin, CGO_ENABLED: '1' };
}

/** A main package of a Go module at one version, with its names for Go and for messages. */
interface GoProgram {
  readonly package: string;
  readonly version: string;
  readonly label: string;
}

interface GoInstallOptions {
  /** A private folder: executables appear in its `bin`. */
  readonly folder: string;
  /** Folder of the module of the program; absent: Go downloads the module. */
  readonly source?: string | undefined;
  readonly heartbeatMs?: number | undefined;
}

/** `gms_pure_go`: no ICU library is needed. `-modcacherw`: a private module cache can be removed again. */
const FLAGS = ['-v', '-tags', 'gms_pure_go', '-modcacherw'];
const HEARTBEAT_MS = 15_000;

/**
 * Builds a program with the Go on PATH. Takes minutes, and logs every 15 seconds.
 * @returns the folder that holds the executable, or why there is no usable Go
 * @throws Failure `dolt-build-failed` with the end of the log, or `interrupted`
 */
export async function goInstall(
  program: GoProgram,
  { folder, source, heartbeatMs = HEARTBEAT_MS }: GoInstallOptions,
  context: InstallContext,
): Promise<string | Extract<Go, { readonly kind: 'no-go' }>> {
  const bin = join(folder, 'bin');
  const env = goEnvironment(context.env, { bin, home: join(folder, 'home') });
  const go = await findGo(env, context);
  if (go.kind === 'no-go') return go;

  context.log.info(`Building ${program.label} from source with "${go.version}": this takes some minutes`);
  const progress = buildProgress();
  const started = monotonicMs();
  const beat = setInterval(() => {
    const seconds = Math.round((monotonicMs() - started) / 1000);
    context.log.info(`Building ${program.label}: ${seconds} s, ${progress.summary()}`);
  }, heartbeatMs);
  try {
    const options = { env, cwd: source ?? folder, signal: context.signal, onStderrLine: progress.line };
    const target = source === undefined ? `${program.package}@${program.version}` : program.package;
    const ended = await run(go.path, ['install', ...FLAGS, target], options);
    if (ended.exitCode === 0) return bin;
    throw new Failure('dolt-build-failed', `go install ended with exit code ${ended.exitCode}:\n${progress.tail()}`);
  } finally {
    clearInterval(beat);
  }
}

/** Counts the progress lines of `go install -v` on standard error, and keeps the last ones for an error message. */
interface BuildProgress {
  readonly line: (text: string) => void;
  /** `12 modules downloaded, 345 packages compiled`. */
  readonly summary: () => string;
  readonly tail: () => string;
}

const TAIL_LINES = 20;
const TAIL_LINE_LENGTH = 400;
/** `-v` prints a bare import path for each package that it compiles. */
const PACKAGE = /^[\w.~-]+(?:\/[\w.~+-]+)*$/;

/** Keeps only the last lines. */
function buildProgress(): BuildProgress {
  let modules = 0;
  let packages = 0;
  const last: string[] = [];
  return {
    line: (text) => {
      if (text.startsWith('go: downloading ')) modules += 1;
      else if (PACKAGE.test(text)) packages += 1;
      else {
        last.push(text.slice(0, TAIL_LINE_LENGTH));
        if (last.length > TAIL_LINES) last.shift();
      }
    },
    summary: () => `${modules} modules downloaded, ${packages} packages compiled`,
    tail: () => last.join('\n'),
  };
}
