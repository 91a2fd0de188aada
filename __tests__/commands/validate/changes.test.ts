import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { requestedChanges } from '../../../src/commands/validate/changes.ts';
import { type Validated, type ValidateRequest, validate } from '../../../src/commands/validate/index.ts';
import type { ProposedChange } from '../../../src/github/base-file.ts';
import { commandContext } from '../../helpers/configuring.ts';
import { validated } from '../../helpers/json-schema.ts';
import { startGithubApi } from '../../helpers/servers/github-api.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';
import { places } from '../../helpers/validating.ts';

const [BASE, HEAD] = ['b'.repeat(40), 'c'.repeat(40)] as const;
const CONFIG = '.beads/config.yaml';
const config = (peers: string) => `sync: {mode: dolt-native}\nfederation:\n  peers:\n${peers}`;
const before = config('    a: https://a.example/d\n    b: https://b.example/d\n');
const after = config('    a: https://a.example/d\n    b: https://evil.example/d\n');

interface Case {
  /** null: the file is gone. */
  readonly head?: string | null;
  /** null: there was no file; undefined: it cannot be read. */
  readonly base?: string | null | undefined;
  readonly behind?: number;
  /** undefined: not a job. */
  readonly proposed?: ProposedChange | null | undefined;
  readonly token?: false;
  readonly request?: Partial<ValidateRequest>;
  /** Content of `.git/HEAD`. */
  readonly checkedOut?: string;
  readonly files?: Readonly<Record<string, string>>;
}

async function validateChange({ head = after, behind = 0, request = {}, ...more }: Case): Promise<Validated> {
  await using folder = await tempFolder();
  await using api = await startGithubApi(undefined, { behind_by: behind, merge_base_commit: { sha: BASE } });
  const base = 'base' in more ? more.base : before;
  if (base === undefined) api.fail({ method: 'GET', status: 500 });
  else if (base !== null) api.files.set(`${CONFIG}@${BASE}`, base);
  const files = { '.git/HEAD': more.checkedOut ?? HEAD, ...(head === null ? {} : { [CONFIG]: head }), ...more.files };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(folder.file(name)), { recursive: true });
    await writeFile(folder.file(name), text);
  }
  const repository = more.token === false ? null : { api: api.url, name: 'org/repo', token: 'app-1', env: {} };
  const proposed = 'proposed' in more ? more.proposed : { number: 7, base: BASE, head: HEAD };
  const defaults = { format: 'text', untrusted: true, base: undefined, failOnChange: [], overrides: {} } as const;
  const context = commandContext(folder.path);
  const found = await validate(
    { ...defaults, ...request },
    proposed === undefined ? context : { ...context, proposed, repository },
  );
  validated('validate', JSON.stringify(found.result));
  return found;
}

const kinds = ({ result }: Validated) => result.changes?.map(({ kind, peer }) => `${kind} ${peer ?? '*'}`);

describe('a pull request', () => {
  test('that moves a peer: each change with its line, dangerous ones as notices', async () => {
    const found = await validateChange({});
    expect(found.result).toMatchObject({ status: 'valid', base: { commit: BASE, behind: 0 } });
    expect(kinds(found)).toEqual(['new-host b', 'peer-moved b']);
    expect(found.result.changes?.[1]).toMatchObject({
      before: 'https://b.example/d',
      after: 'https://evil.example/d',
      line: 5,
    });
    expect(places(found)).toEqual(['5:5 notice config-change', '5:5 notice config-change']);
  });

  test('fails if `fail-on-change` names the change, and only then', async () => {
    const failing = async (text: string) =>
      (await validateChange({ request: { failOnChange: requestedChanges(text) } })).result.status;
    expect(await failing('tier-lowered, new-host')).toBe('invalid');
    expect(await failing('dangerous')).toBe('invalid');
    expect(await failing('tier-lowered\npeer-added')).toBe('valid');
  });

  test('that does not change the meaning', async () => {
    const found = await validateChange({ head: `# moved\n${before.replace('https://a', 'HTTPS://a')}` });
    expect(found.result.changes).toEqual([]);
    expect(places(found)).toEqual([]);
  });

  test('that is behind its base, whose head is checked out', async () => {
    const found = await validateChange({ head: before, behind: 2 });
    expect(found.result.base).toEqual({ commit: BASE, behind: 2 });
    expect(places(found)).toEqual(['- warning branch-behind']);
    expect(places(await validateChange({ head: before, behind: 2, checkedOut: '' }))).toEqual([]);
  });

  test('whose branch, and not its commit, is checked out', async () => {
    const files = { '.git/refs/heads/topic/a': `${HEAD}\n` };
    const found = await validateChange({ head: before, behind: 1, checkedOut: 'ref: refs/heads/topic/a\n', files });
    expect(places(found)).toEqual(['- warning branch-behind']);
  });

  test('that adds the configuration, or corrects an invalid one: all of it is new', async () => {
    expect(kinds(await validateChange({ head: before, base: null }))).toEqual([
      ...['new-host a', 'new-host b', 'push-enabled *', 'peer-added a', 'peer-added b'],
    ]);
    const corrected = await validateChange({ head: before, base: 'federation: [' });
    expect(kinds(corrected)).toContain('peer-added a');
    expect(places(corrected)).toContain('- warning base-unreadable');
  });

  test('that makes it invalid is not compared', async () => {
    const found = await validateChange({ head: config('    a: nonsense\n') });
    expect(found.result).toMatchObject({ status: 'invalid' });
    expect(found.result.changes).toBeUndefined();
  });

  test('without its base: a warning, or an error if changes may fail the check', async () => {
    const failOnChange = requestedChanges('new-host');
    expect(places(await validateChange({ base: undefined }))).toEqual(['- warning base-unreadable']);
    const failed = await validateChange({ base: undefined, request: { failOnChange } });
    expect(places(failed)).toEqual(['- error base-unreadable']);
    expect(failed.result.problems[0]?.hint).toContain('fetch-depth');
    const withoutToken = await validateChange({ token: false, request: { failOnChange } });
    expect(withoutToken.result.problems[0]?.message).toContain('no github-token');
  });

  test('shows no text of the form of a secret', async () => {
    const token = `ghp_${'a1'.repeat(18)}`;
    const found = await validateChange({
      head: config(`    a: {endpoint: "https://a.example/d", branch: ${token}}\n`),
    });
    expect(kinds(found)).toContain('peer-moved a');
    expect(JSON.stringify(found)).not.toContain(token);
  });
});

describe('without a pull request', () => {
  test('nothing is compared, unless a file is named', async () => {
    expect((await validateChange({ proposed: null })).result.changes).toBeUndefined();
    const request = { base: 'base.yaml', failOnChange: requestedChanges('peer-moved') };
    const found = await validateChange({ proposed: undefined, request, files: { 'base.yaml': before } });
    expect(kinds(found)).toEqual(['new-host b', 'peer-moved b']);
    expect(found.result).toMatchObject({ status: 'invalid' });
    expect(found.result.base).toBeUndefined();
  });

  test('a terminal that asks for a failure on changes must name a file', async () => {
    const request = { failOnChange: requestedChanges('new-host') };
    await expect(validateChange({ proposed: undefined, request })).rejects.toMatchObject({ code: 'bad-usage' });
    await expect(validateChange({ proposed: undefined, request: { base: 'gone.yaml' } })).rejects.toMatchObject({
      code: 'config-unreadable',
    });
  });
});

test('a kind that does not exist is refused with the nearest one', () => {
  expect(() => requestedChanges('new-host tier-lowerd')).toThrow('"tier-lowerd"');
  expect(requestedChanges(undefined)).toEqual([]);
});
