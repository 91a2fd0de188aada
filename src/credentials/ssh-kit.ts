import { join } from 'node:path';
import { type EngineKit, engineKit } from '../dolt/engine-kit.ts';
import type { Credential } from './credential.ts';
import { inherited, type Job } from './job.ts';

const FOLDER = 'ssh';
/** The folder as the settings of ssh name it: they may hold variables, so the path may hold blanks (OpenSSH >= 8.5). */
const FOLDER_VARIABLE = 'DOLT_FEDERATION_SSH';
/** Nobody is there to answer a question, and a host whose key is not known is never believed. */
const STRICT = ['BatchMode yes', 'StrictHostKeyChecking yes', 'UpdateHostKeys no', 'ConnectTimeout 20'];
const OWN = [
  'IdentitiesOnly yes',
  'IdentityAgent none',
  `IdentityFile "\${${FOLDER_VARIABLE}}/key"`,
  `UserKnownHostsFile "\${${FOLDER_VARIABLE}}/known_hosts"`,
  'GlobalKnownHostsFile /dev/null',
];

/**
 * Dolt over ssh, and git over ssh. With a credential, ssh sees its key and its known hosts and nothing of the user's;
 * without one, the agent of the job and, where the home folder is the user's own, the user's settings. ssh looks for
 * those in the account's home, whatever HOME says, so that on a runner they are shut out by naming a file.
 * @param program who calls ssh; Dolt heeds `DOLT_SSH_COMMAND` only, and git `GIT_SSH_COMMAND` only
 */
export function sshKit(program: 'dolt' | 'git', credential: Credential | null, job: Job): EngineKit {
  const secret = credential?.secret;
  const agent = credential === null ? inherited(job.env, ['SSH_AUTH_SOCK']) : {};
  const command = (words: readonly string[]) => ({
    [program === 'git' ? 'GIT_SSH_COMMAND' : 'DOLT_SSH_COMMAND']: words.join(' '),
  });
  const traits = { startsPrograms: true, overSsh: true, forgetful: program === 'git' };
  if (secret?.kind !== 'ssh' && job.userHome) {
    const words = ['ssh', ...STRICT.map((line) => `-o${line.replace(' ', '=')}`)];
    return engineKit({ ...traits, variables: () => ({ ...agent, ...command(words) }) });
  }
  const lines = secret?.kind === 'ssh' ? [...STRICT, ...OWN] : STRICT;
  const own = secret?.kind === 'ssh' ? { key: secret.key, known_hosts: secret.knownHosts } : {};
  const files = Object.entries({ ...own, config: `${lines.join('\n')}\n` });
  return engineKit({
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
