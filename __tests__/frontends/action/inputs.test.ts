import { describe, expect, test } from '@jest/globals';
import { COMMAND_TABLE } from '../../../src/commands/index.ts';
import { DEFAULT_SYNC_REQUEST, type SyncRequest } from '../../../src/commands/request.ts';
import type { EventVerdict } from '../../../src/frontends/action/event.ts';
import type { InputName } from '../../../src/frontends/action/inputs.ts';
import { ACTION_COMMANDS, commandOfInputs, rawRequestOfInputs } from '../../../src/frontends/action/inputs.ts';
import { parseAskedVersion } from '../../../src/install/version.ts';
import { HEAD } from '../../helpers/results.ts';
import { failureOf } from '../../helpers/thrown.ts';

type Inputs = Partial<Record<InputName, string>>;

const SAFE: EventVerdict = {
  trusted: true,
  why: '',
  visibility: 'private',
  branch: 'work',
  releaseTag: null,
  ownWorkflow: false,
};
const UNSAFE: EventVerdict = { ...SAFE, trusted: false };

function request(inputs: Inputs = {}, event = SAFE) {
  const written = (name: InputName) => inputs[name] ?? '';
  return COMMAND_TABLE[commandOfInputs(written)].prepare(rawRequestOfInputs(written, event)).request;
}

describe('the request from the inputs', () => {
  test('has the defaults of the table without inputs', () => {
    expect(request()).toEqual({ ...DEFAULT_SYNC_REQUEST, allowNoPeers: false });
  });

  test.each(ACTION_COMMANDS)('has the command %s', (command) => {
    expect(commandOfInputs(() => command.toUpperCase())).toBe(command);
    // Only these need no Dolt.
    expect(request({ command, results: 'r' }).dolt === undefined).toBe(['validate', 'report'].includes(command));
  });

  const VALUES: readonly [Inputs, Partial<SyncRequest>][] = [
    [{ only: 'a, b\n\n c ,' }, { only: ['a', 'b', 'c'] }],
    [{ 'only-role': 'Backup,\narchive' }, { onlyRoles: ['backup', 'archive'] }],
    [{ 'force-with-lease': `a=${HEAD}` }, { leases: new Map([['a', HEAD]]) }],
    [
      { adopt: `a=${HEAD}`, 'discard-local': `${HEAD}\n`, 'merge-rewritten': `b=${HEAD}` },
      { rewrites: { adopt: new Map([['a', HEAD]]), discardLocal: [HEAD], merge: new Map([['b', HEAD]]) } },
    ],
    [{ 'dry-run': 'True' }, { dryRun: true }],
    [{ 'fix-remotes': 'true' }, { fixRemotes: true }],
    [{ 'init-empty': 'FALSE' }, { initEmpty: false }],
    [{ 'max-delete': '100' }, { maxDelete: 100 }],
    [{ 'max-delete': '0' }, { maxDelete: 0 }],
    [
      { retries: '0', parallel: '12' },
      { retries: 0, parallel: 12 },
    ],
    [{ 'fail-on': 'none' }, { failOn: 'none' }],
    [{ 'jsonl-path': 'a.jsonl', 'allow-fewer': 'true' }, { jsonl: { path: 'a.jsonl', allowFewer: true } }],
    [
      { 'jsonl-commit': 'push', author: ' Ann Example <ann@example.org>', 'commit-message': 'Backup' },
      {
        jsonl: {
          allowFewer: false,
          commit: {
            mode: 'push',
            branch: 'work',
            author: { name: 'Ann Example', email: 'ann@example.org' },
            message: 'Backup',
          },
        },
      },
    ],
    [
      { bootstrap: 'p', database: 'd', branch: 'b' },
      { bootstrap: 'p', database: 'd', branch: 'b' },
    ],
  ];
  test.each([
    [{ only: ',' }, 'the name of a peer is empty'],
    [{ only: ' ,\n' }, 'the name of a peer is empty'],
    [{ 'only-role': ',' }, 'not one of the roles'],
    [{ command: 'validate', 'fail-on-change': ',' }, 'which is no kind of change'],
  ])('does not take separators alone for everything, or for nothing: %j', async (inputs, message) => {
    expect(await failureOf(() => request(inputs))).toMatchObject({
      code: 'bad-usage',
      message: expect.stringContaining(message),
    });
  });

  test.each(VALUES)('has the values of %j', (inputs, expected) => {
    expect(request(inputs)).toMatchObject(expected);
  });

  test.each([
    ['bad-usage', { 'jsonl-commit': 'commit', author: 'Ann' }],
    ['bad-usage', { 'jsonl-commit': 'commit', author: 'Ann\u0007 <a>' }],
  ] as const)('refuses a commit of the JSONL file: %s %j', async (code, inputs) => {
    expect((await failureOf(() => request(inputs))).code).toBe(code);
  });

  test('has inputs that override file and environment', () => {
    const inputs: Inputs = { config: 'c', peers: 'p', 'sync-mode': 'dolt-native', remote: 'r', sovereignty: 't3' };
    const more: Inputs = { 'conflict-strategy': 'ours', dirty: 'fail', 'allow-insecure': 'true', 'dolthub-host': 'h' };
    expect(request({ ...inputs, ...more }).overrides).toEqual({
      ...{ config: 'c', peers: 'p', syncMode: 'dolt-native', remote: 'r', sovereignty: 'T3' },
      ...{ strategy: 'ours', dirty: 'fail', allowInsecure: true, dolthubHost: 'h' },
    });
  });

  test('has the requested Dolt', () => {
    const digest = 'AB'.repeat(32);
    const inputs: Inputs = { 'dolt-version': '^2.0', 'dolt-source': 'auto', 'dolt-mirror': 'https://m.example' };
    expect(request({ command: 'install', ...inputs, 'dolt-sha256': digest, 'github-token': 't' })).toEqual({
      dolt: {
        ...{ version: parseAskedVersion('^2.0'), source: 'auto', path: undefined, mirror: 'https://m.example' },
        ...{ sha256: digest.toLowerCase(), githubToken: 't' },
      },
    });
  });
});

test.each([
  [{}, parseAskedVersion('2.3.0')],
  [{ 'dolt-path': '/d' }, undefined],
  [{ 'dolt-path': '/d', 'dolt-version': '2.3.0' }, parseAskedVersion('2.3.0')],
])('the requested version for %j is %j', (inputs, version) => {
  expect(request(inputs).dolt?.version).toEqual(version);
});

describe('an invalid input', () => {
  const BAD: readonly [Inputs, string][] = [
    [
      { command: 'add-peer' },
      'one of sync, pull, push, backup, status, plan, export, report, validate, doctor, install',
    ],
    [{ command: 'synch' }, 'one of sync, pull, push, backup, status, plan, export, report, validate, doctor, install'],
    [{ 'dry-run': 'yes' }, 'true or false'],
    [{ 'init-empty': 'tRUE' }, 'true or false'],
    [{ 'allow-insecure': '1' }, 'true or false'],
    [{ 'fail-on': 'some' }, 'one of any, primary, none'],
    [{ 'sync-mode': 'native' }, 'one of git-portable, realtime, dolt-native, belt-and-suspenders'],
    [{ sovereignty: 'T5' }, 'one of T1, T2, T3, T4'],
    [{ retries: '-1' }, 'a whole number of at least 0'],
    [{ retries: '1.5' }, 'a whole number of at least 0'],
    [{ retries: '1e3' }, 'a whole number of at least 0'],
    [{ retries: '0x10' }, 'a whole number of at least 0'],
    [{ retries: '9999999999' }, 'a whole number of at least 0 with at most nine digits'],
    [{ parallel: '0' }, 'a whole number of at least 1'],
    [{ 'max-delete': '101' }, 'a whole number from 0 to 100'],
    [{ 'max-delete': '50%' }, 'a whole number from 0 to 100'],
    [{ 'max-delete': '0.5' }, 'a whole number from 0 to 100'],
    [{ 'dolt-source': 'source' }, 'one of release, build, auto'],
    [{ 'report-values': 'all' }, 'one of none, keys, full'],
  ];
  test.each(BAD)('is refused: %j', async (inputs, allowed) => {
    const [[name, value] = []] = Object.entries(inputs);
    const failure = await failureOf(() => request(inputs));
    expect(failure).toMatchObject({
      code: 'bad-usage',
      message: `the input ${name} is "${value}", but must be ${allowed}`,
      hint: `Correct \`${name}\` under \`with:\` of this step, or remove it.`,
    });
  });
});

describe('an event that may not write', () => {
  test('becomes a dry run that opens no local endpoint', () => {
    expect(request({ 'dry-run': 'false' }, UNSAFE)).toMatchObject({ dryRun: true, untrusted: true });
  });

  test('may write if the workflow allows it', () => {
    const allowed = request({ 'allow-untrusted-event': 'true' }, UNSAFE);
    expect(allowed).toMatchObject({ dryRun: false, untrusted: false });
  });

  test('may install Dolt', () => {
    expect(request({ command: 'install' }, UNSAFE).untrusted).toBeUndefined();
  });
});

test.each([
  ['public', '', 'none'],
  ['unknown', '', 'none'],
  ['private', '', 'keys'],
  ['public', 'full', 'full'],
  ['private', 'none', 'none'],
] as const)('values in a %s repository with report-values "%s": %s', (visibility, written, expected) => {
  expect(request({ 'report-values': written }, { ...SAFE, visibility })).toMatchObject({ reportValues: expected });
});
