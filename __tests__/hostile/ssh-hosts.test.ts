import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { accessTo } from '../../src/commands/prepare/peer-access.ts';
import { readEnv } from '../../src/core/env.ts';
import { Failure } from '../../src/core/failure.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { requirePushable } from '../../src/dolt/git-access.ts';
import { requireSshAccess } from '../../src/dolt/ssh-access.ts';
import { NOWHERE } from '../../src/egress/host-rule.ts';
import { type CommandOptions, command } from '../helpers/commanding.ts';
import { configure } from '../helpers/configuring.ts';
import { makeDatabase, remoteHead } from '../helpers/database.ts';
import { withEngines } from '../helpers/federating.ts';
import { bareRepository } from '../helpers/servers/bare-repository.ts';
import { serverProgram } from '../helpers/servers/server-program.ts';
import { type Sshd, startSshd } from '../helpers/servers/sshd.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** An address that leads to one server, and later to another one. */
async function switchingAddress(first: number) {
  let target = first;
  const server = createServer((socket) => {
    const onward = createConnection({ host: '127.0.0.1', port: target });
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return {
    port: address.port,
    lead: (port: number) => {
      target = port;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}

interface Wanted {
  readonly endpoint: string;
  readonly url: string;
  readonly knownHosts: string;
}

/** Runs `sync` with peers behind ssh and a folder. @returns the error code of each peer */
async function sync(folder: TempFolder, sshd: Sshd, far: Record<string, Wanted>, options: CommandOptions = {}) {
  const key = await readFile(sshd.key, 'utf8');
  const entries = Object.entries(far);
  const endpoints = entries.map(([name, { endpoint }]) => [name, { endpoint, live: false }]);
  const peers = { ...Object.fromEntries(endpoints), box: `file://${folder.file('box')}` };
  const text = stringify(
    Object.fromEntries(
      entries.map(([name, { url, knownHosts }]) => [name, { url, 'ssh-key': key, 'known-hosts': knownHosts }]),
    ),
  );
  const { result } = await command(folder, stringify(peers), { credentials: { text }, retries: 0, ...options });
  return Object.fromEntries(result.peers.map(({ name, error }) => [name, error?.code ?? null]));
}

describe('a host whose key changes between fetch and push', () => {
  test.each(['ssh', 'git+ssh'] as const)('gets no data (%s), and the other peer is served', async (scheme) => {
    await using folder = await tempFolder();
    const local = await makeDatabase(folder.file('local'));
    await using honest = await startSshd(folder.path);
    await using imposter = await startSshd(folder.path);
    await using address = await switchingAddress(honest.port);
    const url = `ssh://${honest.user}@127.0.0.1:${address.port}`;
    const path = folder.file(scheme === 'ssh' ? 'far' : 'far.git');
    if (scheme === 'ssh') await mkdir(path);
    else await bareRepository(path, { withBranch: true });
    let switched = 0;
    const wanted = {
      endpoint: scheme === 'ssh' ? `${url}${path}` : `git+${url}${path}`,
      url: scheme === 'ssh' ? url : `git+${url}`,
      knownHosts: honest.knownHosts.replace(`:${honest.port}`, `:${address.port}`),
    };
    const before = (await readdir(path, { recursive: true })).sort();
    const ended = await sync(
      folder,
      honest,
      { far: wanted },
      {
        onEvent: ({ peer, step }) => {
          if (peer !== 'far' || step !== 'pushing') return;
          switched += 1;
          address.lead(imposter.port);
        },
      },
    );
    expect(switched).toBe(1);
    expect(ended).toEqual({ far: 'untrusted-host', box: null });
    expect((await readdir(path, { recursive: true })).sort()).toEqual(before);
    expect(imposter.log()).not.toContain('Accepted publickey');
    expect(await remoteHead(`file://${folder.file('box')}`, folder.file('look', 'local'))).toBe(await local.head());
  });
});

const keygen = join(dirname(serverProgram('SSH')), 'ssh-keygen');

async function hashed(folder: TempFolder, text: string): Promise<string> {
  const file = folder.file('hashed');
  await writeFile(file, text);
  await execa(keygen, ['-q', '-H', '-f', file]);
  return await readFile(file, 'utf8');
}

const withoutHost = (line: string) => line.slice(line.indexOf(' ') + 1);

type KnownHosts = (sshd: Sshd, folder: TempFolder) => string | Promise<string>;

/** Texts for `known-hosts` that name the key of the host. */
const BELIEVED: Readonly<Record<string, KnownHosts>> = {
  'several-keys': (sshd) => sshd.wrongKnownHosts + sshd.knownHosts,
  'hashed-names': (sshd, folder) => hashed(folder, sshd.wrongKnownHosts + sshd.knownHosts),
  'any-host': (sshd) => `* ${withoutHost(sshd.knownHosts)}`,
};

/** Texts that do not name the key, or revoke it. */
const REFUSED: Readonly<Record<string, KnownHosts>> = {
  revoked: (sshd) => `${sshd.knownHosts}@revoked ${sshd.knownHosts}`,
  'revoked-for-all': (sshd) => `${sshd.knownHosts}@revoked * ${withoutHost(sshd.knownHosts)}`,
  'authority-only': (sshd) => `@cert-authority ${sshd.knownHosts}`,
  'hashed-other-key': (sshd, folder) => hashed(folder, sshd.wrongKnownHosts),
};

test('a host is trusted only for keys of the entry that are not revoked', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using sshd = await startSshd(folder.path);
  const far: Record<string, Wanted> = {};
  for (const [name, textOf] of Object.entries({ ...BELIEVED, ...REFUSED })) {
    await mkdir(folder.file(name));
    const endpoint = `${sshd.url}${folder.file(name)}`;
    far[name] = { endpoint, url: sshd.url, knownHosts: await textOf(sshd, folder) };
  }
  expect(await sync(folder, sshd, far)).toEqual({
    ...Object.fromEntries(Object.keys(BELIEVED).map((name) => [name, null])),
    ...Object.fromEntries(Object.keys(REFUSED).map((name) => [name, 'untrusted-host'])),
    box: null,
  });
});

/** The line of an ssh whose words Dolt loses. */
const LOSING = 'case " $* " in *" transfer "*) exit 255 ;; esac';

test('a refusal whose reason Dolt lost is read from ssh, and is not retried', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using sshd = await startSshd(folder.path);
  await mkdir(folder.file('far'));
  await mkdir(folder.file('bin'));
  const program = `#!/bin/sh\n${LOSING}\nexec '${serverProgram('SSH')}' "$@"\n`;
  await writeFile(folder.file('bin', 'ssh'), program, { mode: 0o755 });
  const wanted = { endpoint: `${sshd.url}${folder.file('far')}`, url: sshd.url };
  const env = { PATH: `${folder.file('bin')}:${readEnv()['PATH'] ?? ''}` };
  const run = (knownHosts: string) => sync(folder, sshd, { far: { ...wanted, knownHosts } }, { env });
  expect(await run(sshd.wrongKnownHosts)).toMatchObject({ far: 'untrusted-host', box: null });
  const unexplained = await run(sshd.knownHosts);
  expect(['network', 'unknown']).toContain(unexplained['far']);

  // Of OpenSSH without an entry of the user in /etc/passwd: no host is asked.
  await writeFile(folder.file('bin', 'ssh'), "#!/bin/sh\necho 'No user exists for uid 12345' >&2; exit 255\n");
  const git = { endpoint: `git+${sshd.url}${folder.file('far.git')}`, url: sshd.url, knownHosts: sshd.knownHosts };
  const unusable = await sync(folder, sshd, { far: { ...wanted, knownHosts: sshd.knownHosts }, git }, { env });
  expect(unusable).toEqual({ far: 'ssh-unusable', git: 'ssh-unusable', box: null });
});

test.each([
  ['prints a greeting at login', 'echo Welcome;', 'not-found', /prints text on standard output/, /`\.bashrc`/],
  ['refuses in its own words', 'echo Your password has expired >&2; exit 1;', 'network', /password/, /do what it asks/],
  ['refuses in words that Dolt loses', 'echo Your password has expired >&2; exit 1;', 'network', /password/, /do what/],
  ['refuses in its own words on standard output', 'echo No; exit 1;', 'not-found', /prints text/, /`\.bashrc`/],
  ['writes terminal codes', `printf '\\033[2J::error::x' >&2; exit 3;`, 'network', /::error::x/, /do what it asks/],
])('a host that %s has a code and a hint of its own', async (how, before, code, message, hint) => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await using sshd = await startSshd(folder.path);
  await mkdir(folder.file('far'));
  await mkdir(folder.file('bin'));
  // The shell of the host does this before each command.
  const last = `"\${@:1:$#-1}" "${before.replaceAll('$', '\\$')} \${!#}"`;
  const losing = how.endsWith('Dolt loses') ? `${LOSING}\n` : '';
  const program = `#!/bin/bash\n${losing}exec '${serverProgram('SSH')}' ${last}\n`;
  await writeFile(folder.file('bin', 'ssh'), program, { mode: 0o755 });
  const far = { endpoint: `${sshd.url}${folder.file('far')}`, live: false };
  const peers = stringify({ far, box: `file://${folder.file('box')}` });
  const key = await readFile(sshd.key, 'utf8');
  const text = stringify({ far: { url: sshd.url, 'ssh-key': key, 'known-hosts': sshd.knownHosts } });
  const env = { PATH: `${folder.file('bin')}:${readEnv()['PATH'] ?? ''}` };
  const { result } = await command(folder, peers, { credentials: { text }, retries: 0, env });
  expect(result.peers.find(({ name }) => name === 'far')?.error).toMatchObject({
    code,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
  expect(result.peers.find(({ name }) => name === 'box')?.error).toBeNull();
});

const LIMIT = { milliseconds: 60_000, failure: () => new Failure('timeout', 'too slow') };

test('ssh and git connect to the checked address, regardless of later name resolution', async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  await bareRepository(folder.file('far.git'), { withBranch: true });
  await using sshd = await startSshd(folder.path);
  // The name has no address, so only the checked address works.
  const url = sshd.url.replace('127.0.0.1', 'no-such-host.invalid');
  const peers = { far: `${url}/srv/db`, git: `git+${url}${folder.file('far.git')}` };
  const known = (knownHosts: string) => ({
    'ssh-key': readFileSync(sshd.key, 'utf8'),
    'known-hosts': knownHosts.replace('127.0.0.1', 'no-such-host.invalid'),
  });
  const connect = async (name: 'far' | 'git', knownHosts: string, address: string | undefined) => {
    const peer = configure(stringify({ federation: { peers } })).peers.find((one) => one.name === name);
    if (peer === undefined) throw new Error('no peer');
    const text = stringify({ [name]: { url: name === 'far' ? url : `git+${url}`, ...known(knownHosts) } });
    const { engineCredentials } = accessTo(peer, {
      ...{ credentials: parseCredentials({ text, name: 'c' }, {}), job: { env: {}, userHome: false } },
      ...{ dolthubHost: 'hub.example', patterns: [], capabilities: { s3: false } },
      ...(address === undefined ? {} : { sshAddresses: new Map([[name, address]]) }),
    });
    const { dolt } = peer.endpoint;
    return await withEngines(folder.file('local'), folder.file('tmp'), (engines) =>
      engines.use(engineCredentials, (engine) =>
        engine
          .runProgram(LIMIT, NOWHERE, (program) =>
            name === 'far'
              ? requireSshAccess(dolt, program)
              : requirePushable({ peer: name, url: dolt, ref: null }, true, program),
          )
          .then(
            () => 'connected',
            (thrown: unknown) => (thrown instanceof Failure ? thrown.code : 'defect'),
          ),
      ),
    );
  };
  expect(await connect('far', sshd.knownHosts, '127.0.0.1')).toBe('connected');
  expect(await connect('git', sshd.knownHosts, '127.0.0.1')).toBe('connected');
  expect(await connect('git', sshd.wrongKnownHosts, '127.0.0.1')).toBe('untrusted-host');
  expect(await connect('far', sshd.knownHosts, undefined)).not.toBe('connected');
});
