import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { DEFAULT_SYNC_REQUEST, type SyncRequest } from '../../../../src/commands/request.ts';
import { sync } from '../../../../src/commands/sync.ts';
import type { Env } from '../../../../src/core/env.ts';
import { commandContext } from '../../../helpers/configuring.ts';
import { repositoryAt, startGithubApi } from '../../../helpers/servers/github-api.ts';
import { tempFolder } from '../../../helpers/temp-folder.ts';

const FILE = '.beads/config.yaml';
const change = { number: 7, base: 'b'.repeat(40), baseRef: 'main', head: 'c'.repeat(40) };

type Federation = Readonly<Record<string, unknown>>;
const text = (federation: Federation) => stringify({ sync: { mode: 'dolt-native' }, federation });
/** No host has these names: a request to one would be in the result. */
const PEERS = { peers: { box: 'https://box.invalid/db', up: { endpoint: 'https://up.invalid/db', role: 'upstream' } } };
const SAME = { remote: 'https://hub.invalid/db', ...PEERS };
const MOVED = { remote: 'https://other.invalid/db', ...PEERS };
const PATTERNS = { 'allowed-remote-patterns': ['https://hub.invalid/*'] };
const NOT_PRIMARY = { peers: { hub: { endpoint: SAME.remote, role: 'primary' }, ...PEERS.peers } };
const PRIMARY = { peers: { ...PEERS.peers, hub: SAME.remote, box: { endpoint: PEERS.peers.box, role: 'primary' } } };
const DOLTHUB = { remote: 'dolthub://org/db', ...PEERS };

interface Case {
  readonly head: Federation;
  /** Of the default branch and the base; `none`: there is no file; `fails`: the API fails. */
  readonly main: Federation | 'none' | 'fails';
  readonly base: Federation | 'none' | 'fails';
  readonly request?: Partial<SyncRequest>;
  readonly env?: Env;
  /** More files of the checkout, the default branch and the base. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files of the checkout only. */
  readonly added?: Readonly<Record<string, string>>;
  readonly token?: false;
  readonly reasons: Readonly<Record<string, string>>;
  readonly says: string;
}

const all = (reason: string) => ({ origin: reason, box: reason, up: reason });
const rest = (origin: string) => ({ ...all('no-database'), origin });
const same = { head: SAME, main: SAME, base: SAME };

test.each<[string, Case]>([
  ['no token', { ...same, token: false, reasons: all('unread'), says: 'has no `github-token`' }],
  ['a broken API', { ...same, main: 'fails', reasons: all('unread'), says: 'answered 500' }],
  ['an API that fails later', { ...same, base: 'fails', reasons: all('unread'), says: 'answered 500' }],
  ['an invalid base', { ...same, base: { ...SAME, ...PATTERNS }, reasons: all('unread'), says: 'that of the base' }],
  [
    'an invalid default branch',
    { ...same, main: { ...SAME, ...PATTERNS }, reasons: all('unread'), says: 'that of the default' },
  ],
  [
    'no file before the change',
    { ...same, main: 'none', base: 'none', reasons: all('new'), says: 'no peer may be contacted' },
  ],
  ['no file on the default branch', { ...same, main: 'none', reasons: all('new'), says: 'no peer may be contacted' }],
  [
    'a file of the default branch that is not used',
    {
      ...{ ...same, files: { 'example/.beads/config.yaml': text(MOVED) } },
      ...{ added: { '.beads/redirect': 'example/.beads' }, reasons: rest('changed'), says: 'another endpoint' },
    },
  ],
  [
    'a base that the author chose',
    { head: MOVED, main: SAME, base: MOVED, reasons: rest('changed'), says: 'another endpoint' },
  ],
  [
    'another default branch',
    { head: MOVED, main: MOVED, base: SAME, reasons: rest('changed'), says: 'another endpoint' },
  ],
  [
    'another primary',
    {
      ...{ head: PRIMARY, main: NOT_PRIMARY, base: NOT_PRIMARY },
      ...{
        reasons: { box: 'no-database', hub: 'no-database', up: 'no-database' },
        says: 'no primary may be contacted',
      },
    },
  ],
  [
    'a primary from an input',
    {
      ...{ head: PEERS, main: PEERS, base: PEERS, request: { overrides: { remote: SAME.remote } } },
      ...{ reasons: rest('workflow'), says: 'an input or a variable sets it' },
    },
  ],
  [
    'a primary from a variable',
    {
      ...same,
      env: { BD_FEDERATION_REMOTE: SAME.remote },
      reasons: rest('workflow'),
      says: 'an input or a variable sets it',
    },
  ],
  [
    'another DoltHub host',
    {
      ...{ head: DOLTHUB, main: DOLTHUB, base: DOLTHUB, request: { overrides: { dolthubHost: 'other.invalid' } } },
      ...{ reasons: rest('changed'), says: 'another endpoint' },
    },
  ],
  [
    'another DoltHub host from a variable',
    {
      ...{ head: DOLTHUB, main: DOLTHUB, base: DOLTHUB, env: { DOLT_FEDERATION_DOLTHUB_HOST: 'other.invalid' } },
      ...{ reasons: rest('changed'), says: 'another endpoint' },
    },
  ],
  [
    'no secret',
    {
      ...{ ...same, request: { credentials: { text: 'origin: {url: "https://hub.invalid", git-token: }' } } },
      ...{ reasons: rest('credential'), says: 'its credential is missing or malformed' },
    },
  ],
  [
    'credentials that are not YAML',
    { ...same, request: { credentials: { text: 'origin: {url: [' } }, reasons: all('credential'), says: 'malformed' },
  ],
  [
    'a bootstrap peer that the changed workflow names',
    {
      ...{ head: PEERS, main: PEERS, base: PEERS, request: { bootstrap: 'box' } },
      ...{ reasons: { box: 'no-database', up: 'no-database' }, says: '`--bootstrap` is ignored' },
    },
  ],
  [
    'a selected peer that is new',
    { ...same, request: { only: ['box'] }, main: 'none', reasons: { box: 'new' }, says: 'no peer' },
  ],
])('no peer is contacted: %s', async (_, { env = {}, files = {}, added = {}, ...of }) => {
  const { head, main, base, request, token, reasons, says } = of;
  await using folder = await tempFolder();
  await using api = await startGithubApi(async (line) => {
    // The read of each of the two starts with this request.
    if (line.endsWith('/contents/.jj/repo')) asked += 1;
    if ((asked === 1 && main === 'fails') || (asked === 2 && base === 'fails')) throw new Error('broken');
  });
  let asked = 0;
  if (typeof main !== 'string') api.files.set(`${FILE}@default`, text(main));
  if (typeof base !== 'string') api.files.set(`${FILE}@${change.base}`, text(base));
  for (const [name, content] of Object.entries(files))
    for (const ref of ['default', change.base]) api.files.set(`${name}@${ref}`, content);
  for (const [name, content] of Object.entries({ [FILE]: text(head), ...files, ...added })) {
    await mkdir(dirname(folder.file(name)), { recursive: true });
    await writeFile(folder.file(name), content);
  }
  const repository = token === false ? null : repositoryAt(api.url);
  const context = {
    ...commandContext(folder.path, { env }),
    ...{ untrusted: true, proposed: change, repository, ownWorkflow: false },
  };
  const asking = { ...DEFAULT_SYNC_REQUEST, command: 'plan', dryRun: true, untrusted: true, ...request } as const;
  const { result, doltPath } = await sync(asking, context);
  expect(result).toMatchObject({ status: 'skipped', database: null });
  expect(doltPath).toBeNull();
  expect(Object.fromEntries(result.peers.map(({ name, notContacted }) => [name, notContacted?.reason]))).toEqual(
    reasons,
  );
  expect(result.peers.every(({ state, status }) => state === 'unknown' && status === 'skipped')).toBe(true);
  expect(result.problems.map(({ message }) => message).join('\n')).toContain(says);
});
