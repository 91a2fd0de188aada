import type { Env } from '../core/env.ts';

/** What a Dolt process may inherit: where programs, certificates and temporary files are, how to get out, and the language. */
const INHERITED = [
  'PATH',
  'Path',
  'HOME',
  'USERPROFILE',
  'TMPDIR',
  'TMP',
  'TEMP',
  'LANG',
  'LC_ALL',
  'SystemRoot',
  'SYSTEMROOT',
  'COMSPEC',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'RUNNER_TRACKING_ID',
] as const;

/**
 * The environment of a Dolt process, built from scratch: no token of the job, no credential, no user-wide Dolt settings.
 * @param root private folder that Dolt takes for its user-wide settings (see private-root.ts)
 */
export function doltEnvironment(env: Env, root: string): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    DOLT_ROOT_PATH: root,
    DOLT_DISABLE_EVENT_FLUSH: '1',
    // Nobody's instance role may be picked up by accident.
    AWS_EC2_METADATA_DISABLED: 'true',
    // Git remotes would otherwise get a second branch at every push (Dolt >= 1.87).
    DOLT_REMOTE_INFO_BRANCH: '',
    GIT_TERMINAL_PROMPT: '0',
  };
}
