import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { Secrets } from '../../../src/core/secrets.ts';
import { raiseAlarm } from '../../../src/frontends/action/alarm.ts';
import { INPUT_NAMES, type InputName } from '../../../src/frontends/action/inputs.ts';
import type { AlarmSubject } from '../../../src/report/alarm/alarms.ts';
import { type StubApi, startGithubApi } from '../../helpers/servers/github-api.ts';

const subjects = (verdict: AlarmSubject['verdict']): readonly AlarmSubject[] =>
  [null, 'box'].map((peer) => ({
    peer,
    verdict,
    code: null,
    needsDecision: false,
    filtered: false,
    details: () => '',
  }));

/** One step of a workflow ends. */
async function ended(api: StubApi, verdict: AlarmSubject['verdict'], inputs: Partial<Record<InputName, string>>) {
  const written = (name: InputName) => (name === 'github-token' ? 'app-1' : (inputs[name] ?? ''));
  const env = { GITHUB_REPOSITORY: 'org/repo', GITHUB_API_URL: api.url, GITHUB_WORKFLOW: 'night' };
  const { signal } = new AbortController();
  const alarming = { issues: true, webhook: null, written, env, secrets: new Secrets(), signal };
  await raiseAlarm({ status: verdict === 'ok' ? 'success' : 'failed', subjects: subjects(verdict) }, alarming);
  return api.issues.all.filter(({ state }) => state === 'open').length;
}

describe('two steps of one workflow that differ in one input', () => {
  const DIFFERENT: readonly InputName[] = [
    ...(['working-directory', 'config', 'database', 'branch', 'remote', 'peers'] as const),
    ...(['only', 'only-role', 'shard', 'dry-run', 'results', 'jsonl-path'] as const),
  ];

  test.each(DIFFERENT)('%s have issues of their own', async (name) => {
    await using api = await startGithubApi();
    expect(await ended(api, 'failing', { [name]: 'a' })).toBe(2);
    expect(await ended(api, 'ok', { [name]: 'b' })).toBe(2);
    expect(await ended(api, 'ok', {})).toBe(2);
    expect(await ended(api, 'ok', { [name]: 'a' })).toBe(0);
    expect(await readFile('docs/alarms.md', 'utf8')).toContain(`\`${name}\``);
  });

  test('share their issues if the input is any other one', async () => {
    await using api = await startGithubApi();
    const asked: readonly InputName[] = ['command', 'github-token'];
    const others = INPUT_NAMES.filter((name) => !DIFFERENT.includes(name) && !asked.includes(name));
    expect(others).toEqual(expect.arrayContaining(['tag', 'timeout', 'stale-after', 'report-values', 'credentials']));
    const all = (value: string) => Object.fromEntries(others.map((name) => [name, value]));
    expect(await ended(api, 'failing', all('a'))).toBe(2);
    expect(await ended(api, 'ok', all('b'))).toBe(0);
  });

  test.each<[InputName, string, string]>([
    ['only', 'a, b', 'b\na'],
    ['only-role', 'peer,backup', 'backup,peer'],
    ['dry-run', '', 'False'],
    ['working-directory', '', '.'],
  ])('%s share their issues if only the spelling of the input differs', async (name, one, other) => {
    await using api = await startGithubApi();
    expect(await ended(api, 'failing', { [name]: one })).toBe(2);
    expect(await ended(api, 'ok', { [name]: other })).toBe(0);
  });
});
