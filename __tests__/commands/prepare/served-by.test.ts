import { expect, test } from '@jest/globals';
import { holdsDatabase, requirePlaceOfJob } from '../../../src/commands/prepare/served/served-by.ts';

const SETTING = { host: '127.0.0.1', port: 1, user: 'root', database: 'north', remotesapi: null, tls: false };
const PROXY = { pid: 6, port: 1, birth: null };
const bd = (isProxy: boolean, pid: number | null) => ({
  setting: SETTING,
  password: '',
  passwordBy: null,
  isPlacedByFiles: true,
  proxy: isProxy ? PROXY : null,
  pid,
});

test.each([
  ['the process in the notes of bd', bd(false, 7), 7, null, 1],
  ['a process without a note of bd', bd(false, null), 7, null, 1],
  ['a process of another container', bd(false, 8), null, null, 1],
  ['another process than in the notes of bd, which are of another workspace', bd(false, 8), 7, null, null],
  ['another process, with its own note in the data folder', bd(false, 8), 7, { pid: 7, port: 2 }, 2],
  ['another process, beside the note of a third process', bd(false, 8), 7, { pid: 9, port: 2 }, null],
  ['the process behind the proxy of bd, reached through the proxy', bd(true, 7), 7, { pid: 7, port: 2 }, 1],
  ['the process behind a proxy in another container', bd(true, 8), null, null, 1],
  ['a process that is not behind the proxy of bd', bd(true, 8), 7, { pid: 7, port: 2 }, null],
])('the database is held by %s', (_, server, pid, info, port) => {
  expect(holdsDatabase(server, { pid }, info)?.port ?? null).toBe(port);
});

const PASSWORD = 'BEADS_DOLT_PASSWORD';

test.each([
  ['a terminal', null, PASSWORD, true, SETTING, 'sent'],
  ['a job whose checkout chooses the address', '/w', PASSWORD, true, SETTING, 'credential-url-mismatch'],
  ['a job that names the address', '/w', PASSWORD, false, SETTING, 'sent'],
  [
    'a job whose data folder notes another port',
    '/w',
    PASSWORD,
    false,
    { ...SETTING, port: 2 },
    'credential-url-mismatch',
  ],
  ['a job without a secret', '/w', null, true, SETTING, 'sent'],
])('the password of bd in %s', (_, ceiling, passwordBy, isPlacedByFiles, setting, expected) => {
  const check = () => requirePlaceOfJob({ passwordBy, isPlacedByFiles, setting: SETTING }, setting, { ceiling });
  if (expected === 'sent') expect(check()).toBeUndefined();
  else
    expect(check).toThrow(
      expect.objectContaining({ code: expected, hint: expect.stringContaining('in the workflow') }),
    );
});
