import { describe, expect, test } from '@jest/globals';
import { type BdServer, type ServerFiles, serverOf } from '../../src/beads/bd-server.ts';
import { modeOf } from '../../src/beads/mode.ts';
import type { ClientInfo, WorkspaceSettings } from '../../src/beads/workspace-settings.ts';
import type { Env } from '../../src/core/env.ts';

interface Given {
  readonly metadata?: NonNullable<WorkspaceSettings['metadata']>['values'];
  readonly env?: Env;
  /** In the `.env` of the workspace. */
  readonly bdEnv?: Env;
  readonly settings?: Readonly<Record<string, string>>;
  readonly files?: Partial<ServerFiles>;
  readonly external?: Partial<NonNullable<ClientInfo['external']>>;
}

const NO_FILES: ServerFiles = {
  portFile: null,
  pid: null,
  listenerPort: null,
  proxy: null,
  childPid: null,
  credentials: null,
};
const PROXY = { pid: 8, port: 5, birth: null };
const at = (name: string) => ({ file: name });
const DIRECT = { host: 'db.example', port: 3306, socket: '', user: 'ann', tls: true };

/** The settings and files of bd. */
function found({ metadata = {}, env = {}, bdEnv = {}, settings = {}, files = {}, external }: Given): BdServer | null {
  const workspace: WorkspaceSettings = {
    beads: '/w/.beads',
    cwd: '/w',
    env: { ...bdEnv, ...env },
    jobEnv: env,
    settings: new Map(Object.entries(settings).map(([name, value]) => [name, { name, value, at: at('config.yaml') }])),
    metadata: { values: { dolt_database: 'north', ...metadata }, at },
    sourceDatabase: null,
    folders: { embeddeddolt: false, dolt: true },
    clientInfo: external === undefined ? null : { file: 'info', rootPath: null, external: { ...DIRECT, ...external } },
  };
  return serverOf(workspace, modeOf(workspace), { ...NO_FILES, ...files });
}

/** `user:password@host:port/database`, and all that differs from a server of bd on this machine; null: no server. */
function server(given: Given): string | null {
  const at = found(given);
  if (at === null) return null;
  const { host, port, user, database, tls, remotesapi } = at.setting;
  const more = [
    tls ? 'tls' : '',
    remotesapi === null ? '' : `remotesapi ${remotesapi}`,
    at.proxy !== null ? 'proxy' : '',
  ];
  const pid = at.pid === null ? [] : [`pid ${at.pid}`];
  return [`${user}:${at.password}@${host}:${port}/${database}`, ...more.filter((one) => one !== ''), ...pid].join(' ');
}

const SERVER = { dolt_mode: 'server' };
const PROXIED = { dolt_mode: 'proxied-server' };
const FAR = { dolt_server_host: 'db.example' };
const TLS = { ...FAR, dolt_server_tls: true };
const PASSWORDS =
  '[127.0.0.1:1]\npassword=one\n[db.example:3307] # far\nuser=x\npassword = two # secret\n[x:1]\npassword=x';

describe('the server of a workspace', () => {
  test.each<[string, Given, string | null]>([
    ['undefined in embedded mode', { metadata: { dolt_mode: 'embedded', dolt_server_port: 3307 } }, null],
    ['undefined without a port', { metadata: SERVER }, null],
    [
      'at the port of its port file',
      { metadata: SERVER, files: { portFile: 4001, pid: 77 } },
      'root:@127.0.0.1:4001/north pid 77',
    ],
    [
      'at the port of a variable, before all files',
      { metadata: SERVER, env: { BEADS_DOLT_SERVER_PORT: '5' }, files: { portFile: 4 } },
      'root:@127.0.0.1:5/north',
    ],
    [
      'at the port of the port file, if the variable is not a port',
      { metadata: SERVER, env: { BEADS_DOLT_SERVER_PORT: 'x' }, files: { portFile: 4 } },
      'root:@127.0.0.1:4/north',
    ],
    [
      'at the port of the port file, before listener.port',
      { metadata: SERVER, files: { portFile: 4, listenerPort: 3 } },
      'root:@127.0.0.1:4/north',
    ],
    [
      'at listener.port, before dolt.port',
      { metadata: SERVER, settings: { 'dolt.port': '2' }, files: { listenerPort: 3 } },
      'root:@127.0.0.1:3/north',
    ],
    [
      'at dolt.port, before metadata.json',
      { metadata: { ...SERVER, dolt_server_port: 1 }, settings: { 'dolt.port': '2' } },
      'root:@127.0.0.1:2/north',
    ],
    [
      'metadata.json',
      { metadata: { ...SERVER, dolt_server_port: 1, dolt_server_user: 'ann' } },
      'ann:@127.0.0.1:1/north',
    ],
    [
      'used with the user, password and name of variables',
      {
        metadata: { ...SERVER, dolt_server_port: 1, dolt_server_user: 'ann' },
        env: { BEADS_DOLT_SERVER_USER: 'bob', BEADS_DOLT_PASSWORD: 'pw', BEADS_DOLT_SERVER_DATABASE: 'south' },
        files: { credentials: PASSWORDS },
      },
      'bob:pw@127.0.0.1:1/south',
    ],
    [
      'used with the password of the credentials file',
      { metadata: { ...SERVER, dolt_server_port: 1 }, files: { credentials: PASSWORDS } },
      'root:one@127.0.0.1:1/north',
    ],
    [
      'at loopback if it listens on all addresses',
      { metadata: { ...SERVER, dolt_server_host: '0.0.0.0', dolt_server_port: 1 } },
      'root:@127.0.0.1:1/north',
    ],
    [
      'used with TLS if a variable sets it',
      { metadata: { ...SERVER, dolt_server_port: 1 }, env: { BEADS_DOLT_SERVER_TLS: 'true' } },
      'root:@127.0.0.1:1/north tls',
    ],
    [
      'undefined if it listens on a socket',
      { metadata: { ...SERVER, dolt_server_port: 1, dolt_server_socket: '/s' } },
      null,
    ],
    [
      'undefined if a command gives its credentials',
      { metadata: { ...SERVER, dolt_server_port: 1 }, env: { BEADS_DOLT_CREDENTIAL_COMMAND: 'c' } },
      null,
    ],
    [
      'on another machine',
      { metadata: TLS, files: { portFile: 4, credentials: PASSWORDS } },
      'root:two@db.example:3307/north tls remotesapi 8080',
    ],
    [
      'on another machine, with the ports of variables',
      { metadata: { ...TLS, dolt_remotesapi_port: 5 }, env: { BEADS_DOLT_PORT: '4' } },
      'root:@db.example:4/north tls remotesapi 5',
    ],
    ['undefined on another machine without TLS', { metadata: FAR }, null],
    ['the shared server', { env: { BEADS_DOLT_SHARED_SERVER: '1' } }, 'root:@127.0.0.1:3308/north'],
    [
      'the shared server at the port of its port file',
      { env: { BEADS_DOLT_SHARED_SERVER: '1' }, files: { portFile: 4 } },
      'root:@127.0.0.1:4/north',
    ],
    [
      'the proxy of bd',
      { metadata: PROXIED, files: { proxy: PROXY, childPid: 9, listenerPort: 6, portFile: 7 } },
      'root:@127.0.0.1:5/north proxy pid 9',
    ],
    ['undefined while no proxy runs', { metadata: PROXIED, files: { listenerPort: 6 } }, null],
    [
      'the external server of a proxy',
      { metadata: PROXIED, external: {}, env: { BEADS_PROXIED_SERVER_EXTERNAL_PASSWORD: 'pw' } },
      'ann:pw@db.example:3306/north tls',
    ],
    ['undefined if a proxy has an external server without TLS', { metadata: PROXIED, external: { tls: false } }, null],
    [
      'undefined if a proxy has an external server at a socket',
      { metadata: PROXIED, external: { socket: '/s' } },
      null,
    ],
  ])('is %s', (_, given, expected) => {
    expect(server(given)).toBe(expected);
  });
});

const NEAR = { ...SERVER, dolt_server_host: '127.0.0.1', dolt_server_port: 1 };
const PASSWORD = { BEADS_DOLT_PASSWORD: 'pw' };
const HOST = { BEADS_DOLT_SERVER_HOST: 'db.example' };
const PORT = { BEADS_DOLT_SERVER_PORT: '1' };
const EXTERNAL = { BEADS_PROXIED_SERVER_EXTERNAL_PASSWORD: 'pw' };
const KEPT = { credentials: PASSWORDS };

describe('files of the workspace choose the server that gets a password of the job', () => {
  test.each<[string, Given, string | null]>([
    ['by host and port in metadata.json', { metadata: NEAR, env: PASSWORD }, 'BEADS_DOLT_PASSWORD'],
    ['by the host in metadata.json', { metadata: NEAR, env: { ...PASSWORD, ...PORT } }, 'BEADS_DOLT_PASSWORD'],
    ['by a server on another machine', { metadata: { ...SERVER, ...TLS }, env: PASSWORD }, 'BEADS_DOLT_PASSWORD'],
    [
      'by the port in metadata.json',
      { metadata: { ...NEAR, ...TLS }, env: { ...PASSWORD, ...HOST } },
      'BEADS_DOLT_PASSWORD',
    ],
    ['by the port file', { metadata: SERVER, env: PASSWORD, files: { portFile: 4 } }, 'BEADS_DOLT_PASSWORD'],
    ['listener.port', { metadata: SERVER, env: PASSWORD, files: { listenerPort: 4 } }, 'BEADS_DOLT_PASSWORD'],
    ['dolt.port', { metadata: SERVER, env: PASSWORD, settings: { 'dolt.port': '4' } }, 'BEADS_DOLT_PASSWORD'],
    [
      'by the file .env',
      { metadata: { ...SERVER, dolt_server_tls: true }, env: PASSWORD, bdEnv: HOST },
      'BEADS_DOLT_PASSWORD',
    ],
    [
      'by a file that selects the shared server',
      { settings: { 'dolt.shared-server': 'true' }, env: PASSWORD },
      'BEADS_DOLT_PASSWORD',
    ],
    [
      'by the remotesapi port',
      { metadata: { ...SERVER, dolt_server_tls: true, dolt_remotesapi_port: 5 }, env: { ...PASSWORD, ...HOST } },
      'BEADS_DOLT_PASSWORD',
    ],
    [
      'by the remotesapi port, for a password that is stored by host and port',
      { metadata: { ...TLS, dolt_remotesapi_port: 5 }, files: KEPT },
      'BEADS_CREDENTIALS_FILE',
    ],
    [
      'by an external server',
      { metadata: PROXIED, external: {}, env: EXTERNAL },
      'BEADS_PROXIED_SERVER_EXTERNAL_PASSWORD',
    ],
    [
      'by an external server at an address other than that of the job',
      { metadata: PROXIED, external: {}, env: { ...EXTERNAL, ...HOST, ...PORT } },
      'BEADS_PROXIED_SERVER_EXTERNAL_PASSWORD',
    ],
    [
      'no: the job names the external server too',
      { metadata: PROXIED, external: {}, env: { ...EXTERNAL, ...HOST, BEADS_DOLT_SERVER_PORT: '3306' } },
      null,
    ],
    [
      'no: the job names host and port',
      { metadata: { ...NEAR, ...TLS }, env: { ...PASSWORD, ...HOST, ...PORT } },
      null,
    ],
    [
      'no: the job names the port, and the host is the default',
      { metadata: SERVER, env: { ...PASSWORD, ...PORT } },
      null,
    ],
    [
      'no: the job names the host, and the port is the default',
      { metadata: { ...SERVER, dolt_server_tls: true }, env: { ...PASSWORD, ...HOST } },
      null,
    ],
    ['no: the job selects the shared server', { env: { ...PASSWORD, BEADS_DOLT_SHARED_SERVER: '1' } }, null],
    ['no: the password is in the .env', { metadata: NEAR, bdEnv: PASSWORD }, null],
    ['no: there is no password', { metadata: NEAR }, null],
    ['no: the password is stored by host and port', { metadata: NEAR, files: KEPT }, null],
    ['no: a proxy has no password', { metadata: PROXIED, env: EXTERNAL, files: { proxy: PROXY } }, null],
  ])('%s', (_, given, expected) => {
    const bd = found(given);
    expect(bd).not.toBeNull();
    expect(bd?.isPlacedByFiles === true ? bd.passwordBy : null).toBe(expected);
  });
});
