import { run } from '../dolt/process.ts';
import type { InstallContext } from './dolt-request.ts';
import { executablesOnPath } from './search-path.ts';

/** A Go that can build Dolt, or why there is none. */
export type Go =
  | { readonly kind: 'go'; readonly path: string; readonly version: string }
  | { readonly kind: 'no-go'; readonly reason: string };

/** go.mod of Dolt 2.3.0 asks for Go 1.26; since 1.21 an older Go fetches the one that is asked for, if it may. */
const NEEDED_MINOR = 26;
const FETCHING_MINOR = 21;
const TIMEOUT_MS = 60_000;

/** The minor number in what `go version` prints (`go version go1.26.8 linux/amd64`: 26); null for anything else. */
export function parseGoMinor(output: string): number | null {
  const minor = /^go version .*\bgo1\.(\d+)/.exec(output)?.[1];
  return minor === undefined ? null : Number(minor);
}

/**
 * Looks for a Go on PATH that can build Dolt.
 * @param env the environment that Go will run with
 * @throws Failure `interrupted`, or `unknown` when a Go that was found cannot be run
 */
export async function findGo(env: Record<string, string>, context: InstallContext): Promise<Go> {
  const [path] = await executablesOnPath(process.platform === 'win32' ? 'go.exe' : 'go', context.env);
  if (path === undefined) return { kind: 'no-go', reason: 'no Go was found on PATH' };
  const options = { env, signal: context.signal, timeoutMs: TIMEOUT_MS };
  const { stdout } = await run(path, ['version'], options);
  const version = stdout.trim();
  const minor = parseGoMinor(version);
  if (minor === null) return { kind: 'no-go', reason: `"${path} version" does not answer as Go does: "${version}"` };
  if (minor >= NEEDED_MINOR) return { kind: 'go', path, version };
  const tooOld: Go = { kind: 'no-go', reason: `${path} is too old ("${version}", Go 1.${NEEDED_MINOR} is needed)` };
  if (minor < FETCHING_MINOR) return tooOld;
  const toolchain = (await run(path, ['env', 'GOTOOLCHAIN'], options)).stdout.trim();
  return /(?:^|\+)auto$/.test(toolchain) ? { kind: 'go', path, version } : tooOld;
}
