import { join } from 'node:path';
import type { Endpoint } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import { createEngineCredentials, type EngineCredentials } from '../../dolt/engine-credentials.ts';
import type { Credential } from '../credential.ts';
import { inherited, type Job } from '../job.ts';

const FOLDER = 'ssh';
/** The folder in ssh's settings, as a variable: the path may then contain blanks (OpenSSH >= 8.5). */
const FOLDER_VARIABLE = 'DOLT_FEDERATION_SSH';
/** Non-interactive, and a host with an unknown key is refused. */
const STRICT = ['BatchMode yes', 'StrictHostKeyChecking yes', 'UpdateHostKeys no', 'ConnectTimeout 20'];
const OWN = [
  'IdentitiesOnly yes',
  'IdentityAgent none',
  `IdentityFile "\${${FOLDER_VARIABLE}}/key"`,
  `UserKnownHostsFile "\${${FOLDER_VARIABLE}}/known_hosts"`,
  'GlobalKnownHostsFile /dev/null',
];

/** The URL of an endpoint over ssh, git over ssh included; null for all others. */
export function sshUrl({ dolt }: Pick<Endpoint, 'dolt'>): URL | null {
  const url = dolt.replace(/^git\+/i, '');
  return /^ssh:/i.test(url) && URL.canParse(url) ? new URL(url) : null;
}

/** A host of ssh at an address that was checked: a second answer of DNS has no effect. */
export interface SshPlace {
  readonly address: string;
  /** The host as `known_hosts` names it. */
  readonly knownAs: string;
}

/** @param url of an endpoint over ssh */
export function sshPlace({ hostname, port }: URL, address: string): SshPlace {
  return { address, knownAs: port === '' || port === '22' ? hostname : `[${hostname}]:${port}` };
}

/**
 * Dolt over ssh, and git over ssh. With a credential, ssh uses only its key and known hosts. Without one, it uses the
 * agent of the job and, if the home folder is the user's own, the user's settings. ssh searches these in the account's
 * home regardless of HOME, so on a runner a named file replaces them.
 * @param program the caller of ssh; Dolt only reads `DOLT_SSH_COMMAND`, git only `GIT_SSH_COMMAND`
 * @param place the only address to connect to; null: ssh resolves the name
 */
export function sshCredentials(
  program: 'dolt' | 'git',
  credential: Credential | null,
  job: Job,
  place: SshPlace | null,
): EngineCredentials {
  const secret = credential?.secret;
  const agent = credential === null ? inherited(job.env, ['SSH_AUTH_SOCK']) : {};
  const command = (words: readonly string[]) => ({
    [program === 'git' ? 'GIT_SSH_COMMAND' : 'DOLT_SSH_COMMAND']: words.join(' '),
  });
  const traits = { startsPrograms: true, overSsh: true, restartBetweenPhases: program === 'git' };
  const strict = [...STRICT, ...(place === null ? [] : [`HostName ${place.address}`, `HostKeyAlias ${place.knownAs}`])];
  if (secret?.kind !== 'ssh' && job.userHome) {
    const words = ['ssh', ...strict.map((line) => `-o${line.replace(' ', '=')}`)];
    return createEngineCredentials({ ...traits, variables: () => ({ ...agent, ...command(words) }) });
  }
  const lines = secret?.kind === 'ssh' ? [...strict, ...OWN] : strict;
  const own = secret?.kind === 'ssh' ? { key: secret.key, known_hosts: secret.knownHosts } : {};
  const files = Object.entries({ ...own, config: `${lines.join('\n')}\n` });
  return createEngineCredentials({
    ...traits,
    files: Object.fromEntries(files.map(([name, content]) => [join(FOLDER, name), content])),
    variables: (privateDir) => ({
      ...agent,
      [FOLDER_VARIABLE]: join(privateDir, FOLDER),
      ...command(['ssh', '-F', configPath(program, privateDir)]),
    }),
  });
}

/** Dolt splits its command at blanks and runs it in the private folder (2.3.0); git's goes through a shell. */
function configPath(program: 'dolt' | 'git', privateDir: string): string {
  return program === 'dolt' ? `${FOLDER}/config` : quoted(join(privateDir, FOLDER, 'config'));
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

/**
 * A private key in the form that ssh reads: LF only, with a line break at the end.
 * @throws Failure `config-invalid` without any of the text
 */
export function checkPrivateKey(text: string, label: string): string {
  const key = withLines(text);
  if (/^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\n[\s\S]+\n-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----\n$/.test(key)) {
    return key;
  }
  throw new Failure('config-invalid', `${label} is not a complete private key on separate lines`, {
    hint: 'Use the whole file from -----BEGIN to -----END with its line breaks, preferably through {env: NAME}.',
  });
}

/**
 * The text of a known_hosts file.
 * @throws Failure `config-invalid`
 */
export function checkKnownHosts(text: string, label: string): string {
  const known = withLines(text);
  const entries = known.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const isEntry = (line: string) => /^(@[a-z-]+ +)?[^ ]+ +[a-z0-9@.-]+ +[A-Za-z0-9+/=]+( .*)?$/i.test(line);
  if (entries.length > 0 && entries.every(isEntry)) return known;
  throw new Failure('config-invalid', `${label} must hold lines of the form \`host type key\``, {
    hint: 'Get the lines from the operator or from a machine that knows the host. `ssh-keyscan` does not verify the host.',
  });
}

function withLines(text: string): string {
  return `${text.replace(/\r\n?/g, '\n').trim()}\n`;
}
