import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';

const FOLDER = '.github/workflows';

const permissionsSchema = z.record(z.string(), z.string());
const workflowSchema = z.looseObject({
  on: z.unknown(),
  permissions: permissionsSchema.optional(),
  jobs: z.record(
    z.string(),
    z.looseObject({
      permissions: permissionsSchema.optional(),
      'timeout-minutes': z.union([z.number(), z.string().regex(/inputs\.timeout-minutes/)]),
      needs: z.array(z.string()).optional(),
      steps: z.array(z.looseObject({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  ),
});

const workflows = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yml'))
  .map((file) => {
    const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
    return { file, text, workflow: workflowSchema.parse(parse(text)) };
  });

/** A reusable workflow gets the permissions of the job that calls it. More than those would stop the call. */
const REUSABLE = ['federate.yml'];

describe.each(workflows)('$file', ({ file, text, workflow }) => {
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  test('grants permissions to each job, but none to the workflow', () => {
    const isReusable = REUSABLE.includes(file);
    expect(workflow.permissions).toEqual(isReusable ? undefined : {});
    for (const [, { permissions }] of jobs) expect(permissions === undefined).toBe(isReusable);
    if (isReusable) expect(Object.keys(z.looseObject({}).parse(workflow.on))).toEqual(['workflow_call']);
  });

  test('runs only actions that are pinned by commit, with their version in a comment', () => {
    const foreign = text.split('\n').filter((line) => /^\s*-? ?uses:/.test(line) && !/ (?:\.|\$)\//.test(line));
    for (const line of foreign) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(steps.some(({ uses }) => uses?.includes('@') === true)).toBe(true);
  });

  test('names no action at the root of the repository by `$/`, which the runner refuses', () => {
    for (const { uses } of steps) expect(uses).not.toBe('$/');
  });

  test('contains no expression in a script, which would run its value', () => {
    for (const { run } of steps) expect(run ?? '').not.toMatch(/\$\{\{/);
  });
});

describe('the required job', () => {
  test('needs every other job', () => {
    const jobs = workflows.find(({ file }) => file === 'ci.yml')?.workflow.jobs ?? {};
    const others = Object.keys(jobs).filter((name) => name !== 'gate');
    expect(others.length).toBeGreaterThan(0);
    expect(jobs['gate']?.needs).toEqual(others);
  });
});
