import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { z } from 'zod';
import { OPTIONS } from '../../src/contract/options.ts';
import { ALARM_LABEL } from '../../src/github/alarm/issues.ts';
import { runAlarms } from '../../src/report/alarm/alarms.ts';
import { webhookMessage } from '../../src/report/alarm/webhook-message.ts';
import { conflict, failed, peer, runResult } from '../helpers/results.ts';

const page = await readFile('docs/alarms.md', 'utf8');

test('the message on the page equals that of a run and follows the published schema', async () => {
  const rows = [conflict({ resolution: 'ours (created first)' })];
  const error = { code: 'id-collision', message: '', hint: '', retryable: false } as const;
  const partner = peer({ name: 'partner', status: 'conflict', error, conflicts: rows });
  const result = runResult({ status: 'conflict', peers: [partner, peer({ ...failed, name: 'vault' }), peer()] });
  const run = { id: '7', url: 'https://github.com/my-org/my-repo/actions/runs/7' };
  const message = webhookMessage(
    { status: result.status, subjects: runAlarms(result, () => false) },
    { command: 'sync', workflow: 'nightly', page: run },
    'my-org/my-repo',
  );
  const shown = /<!-- example:webhook start -->\n([\s\S]*?)<!-- example:webhook end -->/.exec(page)?.[1];
  expect(shown).toBe(`\n\`\`\`json\n${JSON.stringify(message, null, 2)}\n\`\`\`\n\n`);
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  const check = ajv.compile(JSON.parse(await readFile('docs/webhook.schema.json', 'utf8')));
  expect([check(message), check.errors]).toEqual([true, null]);
  expect(check({ ...message, peers: [{ name: 'partner' }] })).toBe(false);
});

test('the workflow on the page uses existing inputs and the label that it searches', () => {
  const workflow = z.looseObject({
    permissions: z.record(z.string(), z.string()),
    jobs: z.record(
      z.string(),
      z.looseObject({ steps: z.array(z.looseObject({ with: z.record(z.string(), z.unknown()).optional() })) }),
    ),
  });
  const { permissions, jobs } = workflow.parse(parse(/^```yaml\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? ''));
  expect(permissions).toEqual({ contents: 'read', issues: 'write' });
  const inputs = Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => Object.keys(step.with ?? {})));
  expect(inputs).toEqual(expect.arrayContaining(['issue-on-failure', 'webhook-url', 'stale-after']));
  expect(inputs.filter((name) => !Object.hasOwn(OPTIONS, name))).toEqual([]);
  expect(page).toContain(`\`${ALARM_LABEL}\``);
});
