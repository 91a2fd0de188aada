import { Failure, toFailure } from '../core/failure.ts';
import { BEFORE_HOST } from './failure-text.ts';
import { run } from './process.ts';
import type { ProgramContext } from './program-context.ts';
import { SILENT_LOGIN, textFailure } from './sql/failure.ts';

/** The exit code of ssh itself; every other one is the remote command's. */
const SSH_FAILED = 255;

/**
 * Connects once with the ssh of an engine. If a host refuses ssh, Dolt sometimes loses the reason and reports only that
 * its transfer ended (2.3.0, measured on a busy machine), so ssh is asked directly.
 * @param url what Dolt gets
 * @throws Failure with the class of the output if ssh cannot log in or the host ends the login, `not-found` if the login
 * prints something that Dolt would read, `interrupted`
 */
export async function requireSshAccess(
  url: string,
  { env, privateDir, signal, secrets }: ProgramContext,
): Promise<void> {
  const [program = 'ssh', ...words] = (env['DOLT_SSH_COMMAND'] ?? 'ssh').split(' ');
  const { username, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const destination = username === '' ? host : `${decodeURIComponent(username)}@${host}`;
  const args = [...words, ...(port === '' ? [] : ['-p', port]), '-T', '--', destination, 'exit'];
  const { exitCode, stdout, stderr } = await run(program, args, { env, cwd: privateDir, signal });
  if (exitCode === SSH_FAILED) throw textFailure(secrets.redact(stderr.trim()));
  if (stdout !== '') {
    const message = 'the login of the host prints text on standard output, where Dolt expects its own data';
    throw new Failure('not-found', message, { hint: SILENT_LOGIN });
  }
  // The host ends the login itself, and Dolt would repeat its words after these.
  if (exitCode !== 0 && stderr.trim() !== '') throw textFailure(`${BEFORE_HOST}${secrets.redact(stderr.trim())}`);
}

/**
 * Why an operation over ssh failed, if Dolt does not say it: then ssh is asked.
 * @param url what Dolt got
 * @param ask rejects as `requireSshAccess`
 */
export async function sshReason(failure: Failure, url: string, ask: () => Promise<void>): Promise<Failure> {
  if (!/^ssh:/i.test(url) || (failure.code !== 'network' && failure.code !== 'unknown')) return failure;
  const reason = await ask().then(() => null, toFailure);
  return reason === null || reason.code === 'unknown' ? failure : reason;
}
