import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';

/**
 * GitHub starts no workflow whose actions the lock file lacks, and runs the commits that it names. `gh actions-lock` writes
 * it and needs GitHub; this is what can be checked without.
 */
const FOLDER = '.github/workflows';
const PIN = /^([\w-]+\/[\w-]+)@([0-9a-f]{40})$/;

const lockSchema = z.strictObject({
  version: z.literal('v0.0.2'),
  workflows: z.record(z.string(), z.array(z.string().regex(PIN))),
  dependencies: z.record(
    z.string().regex(PIN),
    z.strictObject({
      ref: z.string().regex(/^v\d+\.\d+\.\d+$/),
      commit: z.string(),
      owner_id: z.number().int(),
      repo_id: z.number().int(),
      uses: z.array(z.string()).optional(),
    }),
  ),
});
const lock = lockSchema.parse(parse(readFileSync(`${FOLDER}/actions.lock`, 'utf8')));

/** Each action of a workflow, with the version beside it. */
const used = (text: string) =>
  new Map(
    [...text.matchAll(/uses: ([\w-]+\/[\w-]+@\S+) # (\S+)$/gm)].map(([, action = '', version = '']) => [
      action,
      version,
    ]),
  );

/** A workflow that uses an action by its local path (`./`) cannot be locked (gh-actions-lock, README). */
const workflows = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yml'))
  .map((name) => ({ path: `${FOLDER}/${name}`, text: readFileSync(`${FOLDER}/${name}`, 'utf8') }))
  .filter(({ text }) => !/uses: \.\//.test(text))
  .map(({ path, text }) => ({ path, actions: used(text) }));

test('every workflow that can be is locked, and no other', () => {
  expect(Object.keys(lock.workflows)).toEqual(workflows.map(({ path }) => path));
});

describe.each(workflows)('$path', ({ path, actions }) => {
  test('has all its actions in the lock file', () => {
    expect(lock.workflows[path]).toEqual([...actions.keys()].sort());
  });

  test('has the versions of the lock file beside its commits', () => {
    const locked = [...actions.keys()].map((action) => [action, lock.dependencies[action]?.ref]);
    expect(locked).toEqual([...actions]);
  });
});

test('the locked commit of an action is the one that it is pinned to, and no entry is unused', () => {
  const commits = Object.entries(lock.dependencies).map(([action, { commit }]) => [action.split('@')[1], commit]);
  for (const [pinned, commit] of commits) expect(commit).toBe(`sha1-${pinned}`);
  const wanted = new Set(workflows.flatMap(({ actions }) => [...actions.keys()]));
  expect(Object.keys(lock.dependencies)).toEqual([...wanted].sort());
});
