import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { judgeEvent, readPayload } from '../../../src/frontends/action/event.ts';
import { tempFolder } from '../../helpers/temp-folder.ts';

const repository = { default_branch: 'trunk', visibility: 'private', private: true };

describe('the verdict on an event', () => {
  test.each([
    ['schedule', 'refs/heads/trunk', true],
    ['workflow_dispatch', 'refs/heads/topic', true],
    ['repository_dispatch', 'refs/heads/trunk', true],
    ['release', 'refs/tags/v1', true],
    ['push', 'refs/heads/trunk', true],
    ['push', 'refs/tags/v1', true],
    ['push', 'refs/heads/topic', false],
    ['push', 'refs/heads/trunk2', false],
    ['push', 'refs/heads/x/trunk', false],
    ['push', '', false],
    ['pull_request', 'refs/pull/1/merge', false],
    ['pull_request_target', 'refs/heads/trunk', false],
    ['merge_group', 'refs/heads/gh-readonly-queue/trunk/pr-1', false],
    ['issue_comment', 'refs/heads/trunk', false],
    ['workflow_run', 'refs/heads/trunk', false],
    ['workflow_call', 'refs/heads/trunk', false],
    ['Schedule', 'refs/heads/trunk', false],
    ['', 'refs/heads/trunk', false],
  ])('allows writes on %s on %s: %s', (name, ref, trusted) => {
    expect(judgeEvent({ name, ref, payload: { repository } }).trusted).toBe(trusted);
  });

  test.each([null, {}, 'text', { repository: null }, { repository: {} }, { repository: { default_branch: '' } }])(
    'refuses writes on a push to a branch with the payload %j',
    (payload) => {
      const verdict = judgeEvent({ name: 'push', ref: 'refs/heads/', payload });
      expect(verdict).toMatchObject({ trusted: false, visibility: 'unknown' });
    },
  );

  test.each([
    ['pull_request', false],
    ['pull_request_review', false],
    ['merge_group', false],
    ['push', false],
    ['', false],
    ['pull_request_target', true],
    ['issue_comment', true],
    ['workflow_run', true],
  ])('trusts the workflow of %s: %s', (name, ownWorkflow) => {
    expect(judgeEvent({ name, ref: 'refs/heads/topic', payload: { repository } }).ownWorkflow).toBe(ownWorkflow);
  });

  test('names the event or the branch in its reason', () => {
    const why = (name: string, ref: string) => judgeEvent({ name, ref, payload: { repository } }).why;
    expect(why('push', 'refs/heads/topic')).toBe(
      'writes on a push are only allowed on the default branch trunk and on tags, not on refs/heads/topic',
    );
    expect(why('', '')).toBe('writes are not allowed on the event (none)');
  });
});

describe('the tag of a release', () => {
  const release = { tag_name: 'v2' };
  test.each([
    ['release', 'refs/tags/v1', { repository, release }, 'v1'],
    ['release', 'refs/tags/a/b', { repository }, 'a/b'],
    ['release', '', { repository, release }, 'v2'],
    ['release', 'refs/heads/main', { repository, release: null }, null],
    ['release', '', null, null],
    ['push', 'refs/tags/v1', { repository, release }, null],
    ['schedule', 'refs/heads/main', { repository, release }, null],
  ])('is read from %s on "%s" with %j: %s', (name, ref, payload, tag) => {
    expect(judgeEvent({ name, ref, payload }).releaseTag).toBe(tag);
  });
});

describe('the visibility of the log', () => {
  test.each([
    [{ visibility: 'public' }, 'public'],
    [{ visibility: 'private' }, 'private'],
    [{ visibility: 'internal' }, 'private'],
    [{ private: true }, 'private'],
    [{ private: false }, 'public'],
    [{ visibility: 'public', private: true }, 'public'],
    [{ visibility: 'secret', private: true }, 'unknown'],
    [{}, 'unknown'],
  ])('for %j is %s', (fields, visibility) => {
    expect(judgeEvent({ name: 'schedule', ref: '', payload: { repository: fields } }).visibility).toBe(visibility);
  });
});

describe('the event payload', () => {
  test('is parsed as JSON, and nothing is known without it', async () => {
    await using folder = await tempFolder();
    await writeFile(folder.file('good.json'), '{"a":1}');
    await writeFile(folder.file('bad.json'), '{');
    expect(await readPayload(folder.file('good.json'))).toEqual({ a: 1 });
    expect(await readPayload(folder.file('bad.json'))).toBeNull();
    expect(await readPayload(folder.file('none.json'))).toBeNull();
    expect(await readPayload(null)).toBeNull();
  });
});
