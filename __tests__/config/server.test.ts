import { expect, test } from '@jest/globals';
import { configure } from '../helpers/configuring.ts';
import { failureOf } from '../helpers/thrown.ts';

const written = (value: string) => `federation:\n  server: ${value}\n`;
const DEFAULTS = { host: '127.0.0.1', port: 3306, user: 'root', database: null, remotesapi: null, tls: false };

test.each([
  ['{port: 3306}', DEFAULTS],
  ['{port: 3306, host: localhost, tls: true}', { ...DEFAULTS, host: 'localhost', tls: true }],
  [
    '{port: 3306, host: db.example, user: sync, database: local, remotesapi: 50051}',
    { host: 'db.example', port: 3306, user: 'sync', database: 'local', remotesapi: 50051, tls: true },
  ],
  ['null', null],
])('federation.server is read from %s', (value, expected) => {
  expect(configure(written(value)).server.value).toEqual(expected);
});

test.each([
  ['{}', 'federation.server.port: is missing'],
  ['{port: 0}', 'federation.server.port: must be from 1 to 65535'],
  ['{port: 3306.5}', 'federation.server.port: must be from 1 to 65535'],
  ['{port: "3306"}', 'federation.server.port: must be a port number from 1 to 65535, not "3306"'],
  ['{port: 1, hots: h}', 'federation.server: has an unknown key: hots; did you mean host?'],
  ['db.example', 'federation.server: must be a mapping such as {host: 127.0.0.1, port: 3306}'],
  ['{port: 1, password: x}', 'federation.server: has an unknown key: password'],
  [
    '{port: 1, host: "mysql://h"}',
    'federation.server.host: must be a host name or an address, without scheme and port',
  ],
  [
    '{port: 1, host: db.example, tls: false}',
    'federation.server.tls: must be true for a server on another machine: rows and passwords would cross the network unencrypted',
  ],
])('federation.server: %s is refused', async (value, message) => {
  const failure = await failureOf(() => configure(written(value)));
  expect([failure.code, failure.message, failure.location?.line]).toEqual(['config-invalid', message, 2]);
});

const allowing = (...patterns: string[]) => ({ BD_FEDERATION_ALLOWED_REMOTE_PATTERNS: patterns.join(',') });

test.each([
  [
    'a server with another name',
    '{port: 3306, host: evil.example, database: local}',
    'mysql://evil.example:3306/local',
  ],
  ['a server on another port of this machine', '{port: 3307, database: local}', 'mysql://127.0.0.1:3307/local'],
  ['another database of the server', '{port: 3306, database: others}', 'mysql://127.0.0.1:3306/others'],
  [
    'a remote interface on a port of another server',
    '{port: 3306, database: local, remotesapi: 50051}',
    'http://127.0.0.1:50051/local',
  ],
  ['a database that is known only by its folder', '{port: 3306}', 'mysql://127.0.0.1:3306/'],
])('allowed patterns limit the server of the database: %s', async (_, value, form) => {
  const env = allowing('file:///srv/*', 'mysql://127.0.0.1:3306/local');
  expect(await failureOf(() => configure(written(value), { env }))).toMatchObject({
    code: 'endpoint-not-allowed',
    message: expect.stringContaining(`federation.server: the endpoint "${form}" does not match any allowed pattern`),
    location: { line: 2 },
  });
});

test.each([
  ['its own pattern', '{port: 3306, database: local}', 'mysql://127.0.0.1:3306/local'],
  [
    'patterns for both of its ports',
    '{port: 3306, host: Db.example, database: local, remotesapi: 50051}',
    'mysql://db.example:3306/local,https://db.example:50051/local',
  ],
  ['a pattern for all databases', '{port: 3306}', 'mysql://127.0.0.1:3306/*'],
])('a server that %s allows is used', (_, value, pattern) => {
  expect(configure(written(value), { env: allowing(pattern) }).server.value).toMatchObject({ port: 3306 });
});
