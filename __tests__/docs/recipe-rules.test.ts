import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { RECIPES, recipes } from '../helpers/recipes.ts';

const jobSchema = z.looseObject({
  name: z.string(),
  if: z.string().optional(),
  uses: z.string().optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write'])).optional(),
  environment: z.object({ name: z.string(), deployment: z.literal(false) }).optional(),
  concurrency: z.object({ group: z.string(), 'cancel-in-progress': z.boolean() }).optional(),
  steps: z
    .array(z.looseObject({ uses: z.string().optional(), with: z.record(z.string(), z.unknown()).default({}) }))
    .default([]),
});
const recipeSchema = z.looseObject({
  on: z.unknown(),
  permissions: z.object({}).strict(),
  concurrency: z.object({ group: z.string(), 'cancel-in-progress': z.boolean() }).optional(),
  jobs: z.record(z.string(), jobSchema),
});

const all = [...(await recipes())].map(([name, text]) => ({ file: name, text, ...recipeSchema.parse(parse(text)) }));

describe.each(all)('$file', ({ text, on, jobs, concurrency }) => {
  const each = Object.values(jobs);
  const writes = each.filter(({ steps, uses }) =>
    [...steps.map((step) => step.with['command']), uses === undefined ? '' : 'sync'].some(
      (command) => command === 'sync' || command === 'backup',
    ),
  );

  test('does not run on a schedule in a fork', () => {
    const scheduled = z.looseObject({ schedule: z.unknown() }).safeParse(on).data?.schedule !== undefined;
    const first = each.filter(({ needs }) => needs === undefined);
    if (scheduled) for (const job of first) expect(job.if).toMatch(/^github\.repository == 'my-org\/my-repo'/);
    else expect(text).not.toContain('cron');
  });

  test('waits for its own runs and does not cancel one that writes', () => {
    // The reusable workflow sets the group itself: the calling job would need another name.
    for (const job of writes.filter(({ uses }) => uses === undefined))
      expect((job.concurrency ?? concurrency)?.['cancel-in-progress']).toBe(false);
  });

  test('reads secrets only from an environment, and stores no token in the checkout', () => {
    for (const { uses, environment, steps } of each) {
      const reads = JSON.stringify(steps).includes('secrets.');
      expect({ uses, has: environment !== undefined }).toEqual({ uses, has: reads });
      for (const step of steps.filter((one) => one.uses?.startsWith('actions/checkout@') === true))
        expect(step.with).toEqual({ 'fetch-depth': 1, 'persist-credentials': false });
    }
  });

  test('has no filter that could leave a required check without a result', () => {
    expect(JSON.stringify(on)).not.toContain('paths');
  });

  test('uploads the files that only its runner has', () => {
    const given = JSON.stringify(each.flatMap(({ steps }) => steps));
    for (const { steps } of writes) {
      for (const { with: input } of steps) {
        if (input['command'] === 'sync') expect(given).toContain('outputs.conflicts-path');
        if (input['command'] === 'backup') expect(given).toContain('outputs.proof-path');
      }
    }
  });
});

test('the page lists every recipe', async () => {
  const page = await readFile(`${RECIPES}/README.md`, 'utf8');
  const listed = [...page.matchAll(/^\| \[([\w-]+\.yml)\]\(\1\) \|/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual(all.map(({ file }) => file));
});

test('a recipe with a required check also runs in a merge queue', () => {
  const check = all.find(({ file }) => file === 'pull-request-check.yml');
  expect(check?.on).toEqual({ pull_request: null, merge_group: null });
});
