import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { readEnv } from '../../../src/core/env.ts';
import { testDolt } from '../dolt-binary.ts';
import { startServerProcess } from './server-process.ts';
import { serverProgram } from './server-program.ts';

/** An SSH server for the user who runs the tests, with keys of its own; a login finds the tests' `dolt` and `git`. */
export interface Sshd extends AsyncDisposable {
  readonly user: string;
  readonly port: number;
  /** `ssh://USER@127.0.0.1:PORT`, to be followed by an absolute path. */
  readonly url: string;
  /** Private key files: one that may log in, one that may not. */
  readonly key: string;
  readonly strangerKey: string;
  /** Texts of known_hosts files: the server's own key, and another one for the same address. */
  readonly knownHosts: string;
  readonly wrongKnownHosts: string;
  /** The folder in which every session begins, instead of a home folder. */
  readonly home: string;
  /** Folder with an `ssh` that goes to this port if no port is named, as in `user@host:path`. */
  readonly portless: string;
  log(): string;
}

/** sshd insists on this folder when root starts it; only the service of the system makes it. */
const PRIVILEGE_SEPARATION = '/run/sshd';

export async function startSshd(folder: string): Promise<Sshd> {
  const cwd = await mkdtemp(join(folder, 'sshd-'));
  const names = ['host', 'other-host', 'user', 'stranger'] as const;
  const keygen = join(dirname(serverProgram('SSH')), 'ssh-keygen');
  await Promise.all(
    names.map((name) => execa(keygen, ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(cwd, name)])),
  );
  const publicKey = async (name: (typeof names)[number]) => (await readFile(join(cwd, `${name}.pub`), 'utf8')).trim();
  await writeFile(join(cwd, 'authorized_keys'), `${await publicKey('user')}\n`, { mode: 0o600 });
  if (process.getuid?.() === 0) await mkdir(PRIVILEGE_SEPARATION, { recursive: true, mode: 0o755 });

  const server = await startServerProcess({
    command: serverProgram('SSHD'),
    ports: ['ssh'],
    args: async ({ ssh }) => {
      await writeFile(join(cwd, 'sshd_config'), configuration(cwd, ssh));
      return ['-D', '-e', '-f', join(cwd, 'sshd_config')];
    },
    cwd,
  });
  const { username } = userInfo();
  const port = server.port.ssh;
  await mkdir(join(cwd, 'home'));
  await mkdir(join(cwd, 'bin'));
  const client = `exec '${serverProgram('SSH')}'`;
  const program = `#!/bin/sh\ncase " $* " in *" -p "*) ${client} "$@" ;; esac\n${client} -p ${port} "$@"\n`;
  await writeFile(join(cwd, 'bin', 'ssh'), program, { mode: 0o755 });
  const known = async (name: 'host' | 'other-host') => `[127.0.0.1]:${port} ${await publicKey(name)}\n`;
  return {
    user: username,
    port,
    url: `ssh://${username}@127.0.0.1:${port}`,
    key: join(cwd, 'user'),
    strangerKey: join(cwd, 'stranger'),
    knownHosts: await known('host'),
    wrongKnownHosts: await known('other-host'),
    home: join(cwd, 'home'),
    portless: join(cwd, 'bin'),
    log: server.log,
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
}

function configuration(cwd: string, port: number): string {
  const { PATH = '' } = readEnv();
  const path = [dirname(testDolt()), dirname(serverProgram('GIT')), PATH].join(delimiter);
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${cwd}/host`,
    `PidFile ${cwd}/sshd.pid`,
    `AuthorizedKeysFile ${cwd}/authorized_keys`,
    'AuthenticationMethods publickey',
    'PermitRootLogin prohibit-password',
    // The folders above are the test's, in a temporary folder that every user may write to.
    'StrictModes no',
    'UsePAM no',
    'PrintMotd no',
    'LogLevel VERBOSE',
    `ForceCommand cd ${cwd}/home && eval "$SSH_ORIGINAL_COMMAND"`,
    // The settings of Dolt are those of a user who has none. Only a first bash of sshd reads the user's .bashrc, which may
    // change PATH and take a second.
    `SetEnv PATH=${path} DOLT_ROOT_PATH=${cwd} SHLVL=1`,
    '',
  ].join('\n');
}
