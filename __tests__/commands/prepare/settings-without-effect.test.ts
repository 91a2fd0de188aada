import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { command } from '../../helpers/commanding.ts';
import { makeDatabase } from '../../helpers/database.ts';
import { examine, linesOf } from '../../helpers/examining.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const entry = (...names: readonly string[]) => ({
  text: stringify(Object.fromEntries(names.map((name) => [name, { url: 'https://far.example', 'git-token': 'x' }]))),
});

describe('credentials without a peer', () => {
  test('are reported as a warning with the nearest name, and the run continues', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const peers = `partner: file://${folder.file('box')}`;
    const { result } = await command(folder, peers, { credentials: entry('partnr') });
    expect(result.peers).toMatchObject([{ name: 'partner', verified: true }]);
    const message = 'credentials of partnr are unused: there is no peer with that name';
    const hint = 'Did you mean `partner`? Correct the name, or remove the entry.';
    expect(result.problems).toContainEqual(
      expect.objectContaining({ severity: 'warning', code: 'unknown-peer', message, hint }),
    );
    const examined = await examine(folder, peers, { credentials: entry('partnr') });
    expect(examined.status).toBe('ok');
    expect(examined.checks).toContainEqual({
      check: 'credentials',
      peer: null,
      status: 'warning',
      message,
      cure: hint,
    });
  });

  test('are not reported for a configured peer that this run does not select', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const peers = `a: file://${folder.file('a')}\nfar: https://far.example/repo.git`;
    const { result } = await command(folder, peers, { only: ['a'], credentials: entry('far') });
    expect(result.problems.filter(({ code }) => code === 'unknown-peer')).toEqual([]);
  });

  test('are checked even if no peer is configured, and invalid ones are refused', async () => {
    await using folder = await tempFolder();
    const { result } = await command(folder, '', { credentials: entry('far') });
    expect(result).toMatchObject({
      branch: null,
      problems: [
        { code: 'no-peers' },
        { code: 'unknown-peer', message: expect.stringContaining('of far'), hint: 'Remove the entry.' },
      ],
    });
    const file = folder.file('no-such.yaml');
    await expect(command(folder, '', { credentials: { file } })).rejects.toMatchObject({ code: 'config-unreadable' });
  });

  test('are not requested on an event that may not write, because a fork gets no secrets', async () => {
    await using folder = await tempFolder();
    const text = 'far: {url: "https://far.example", git-token: {env: NOT_GIVEN}}';
    const { result } = await command(folder, '', { untrusted: true, branch: 'work', credentials: { text } });
    expect(result).toMatchObject({ branch: 'work', problems: [{ code: 'no-peers' }, { code: 'untrusted-event' }] });
    const peers = 'far: https://far.example/repo.git';
    const examined = await examine(folder, peers, { untrusted: true, credentials: { text } });
    expect(linesOf(examined, 'credentials', 'far')).toEqual(['unknown: not checked on an untrusted event']);
  });
});

test('doctor reports a tier that every run refuses as missing', async () => {
  await using folder = await tempFolder();
  const result = await examine(folder, `box: {endpoint: "file://${folder.file('box')}", tier: T3}`);
  expect(result.status).toBe('missing');
  expect(linesOf(result, 'tier', 'box')).toEqual([
    'missing: box has the tier T3, but this version can only send the full history',
  ]);
});
