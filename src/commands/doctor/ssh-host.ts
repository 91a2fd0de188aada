import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../dolt/process.ts';
import type { Context } from '../context.ts';

export interface SshHost {
  readonly name: string;
  readonly port: number;
}

const TIMEOUT_MS = 10_000;

/** Host and port of an ssh URL as Dolt gets it; null for other URLs. */
export function sshHost(url: string): SshHost | null {
  const [, name, port] = /^(?:git\+)?ssh:\/\/(?:[^@/]*@)?([^:/]+)(?::(\d+))?\//.exec(url) ?? [];
  return name === undefined ? null : { name, port: port === undefined ? 22 : Number(port) };
}

/**
 * How the user's own ssh understands a host, which may be an alias in its settings, and the files it would look for the
 * host's key in. Nobody is contacted. Null where ssh does not tell.
 */
export async function userSshHost(
  host: SshHost,
  { env, signal }: Context,
): Promise<{ readonly host: SshHost; readonly files: readonly string[] } | null> {
  const args = ['-G', '-p', String(host.port), host.name];
  const options = { env: { PATH: env['PATH'] ?? '' }, signal, timeoutMs: TIMEOUT_MS };
  const ended = await run('ssh', args, options).catch(() => null);
  return ended === null || ended.exitCode !== 0 ? null : parseSshSettings(ended.stdout, homedir());
}

/** What `ssh -G` prints, one setting a line (OpenSSH 9.2). */
export function parseSshSettings(
  printed: string,
  home: string,
): { readonly host: SshHost; readonly files: readonly string[] } | null {
  const settings = new Map(printed.split('\n').map((line) => [line.split(' ')[0] ?? '', line.split(' ').slice(1)]));
  const name = settings.get('hostkeyalias')?.[0] ?? settings.get('hostname')?.[0];
  const port = Number(settings.get('port')?.[0]);
  if (name === undefined || !Number.isInteger(port)) return null;
  const files = [...(settings.get('userknownhostsfile') ?? []), ...(settings.get('globalknownhostsfile') ?? [])];
  const absolute = files.map((file) => (file.startsWith('~/') ? join(home, file.slice(2)) : file));
  return { host: { name, port }, files: absolute.filter((file) => file !== '/dev/null') };
}
