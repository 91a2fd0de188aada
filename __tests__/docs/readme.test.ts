import { readFile, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { parse } from 'yaml';
import { z } from 'zod';
import { buildConfiguration } from '../../src/config/build.ts';
import { COMMANDS } from '../../src/contract/commands.ts';
import { OPTIONS } from '../../src/contract/options.ts';
import { readEnv } from '../../src/core/env.ts';
import { parseCredentials } from '../../src/credentials/parse.ts';
import { writeProgram } from '../helpers/child-node.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { doltJwk } from '../helpers/jwk.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** The fenced examples of a page in a language. */
async function examples(page: string, language: string): Promise<readonly string[]> {
  const text = await readFile(page, 'utf8');
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, tag, block = '']) =>
    tag === language ? [block] : [],
  );
}

/** The only example of a page that holds a text. */
async function example(page: string, language: string, marker: string): Promise<string> {
  const [block, ...others] = (await examples(page, language)).filter((text) => text.includes(marker));
  if (block === undefined || others.length > 0) throw new Error(`not one example of ${page} holds '${marker}'`);
  return block;
}

const SECRETS = new Map([
  ['DOLTHUB_KEY', JSON.stringify(doltJwk())],
  ['AWS_KEY_ID', 'AKIAEXAMPLE'],
  ['AWS_SECRET', 'secret'],
]);

const ACTION = 'OWNER/dolt-federation@COMMIT';

const permissionsSchema = z.record(z.string(), z.string());
const workflowSchema = z.looseObject({
  name: z.string(),
  permissions: permissionsSchema,
  jobs: z.record(
    z.string(),
    z.looseObject({
      permissions: permissionsSchema.optional(),
      concurrency: z.object({ group: z.string(), 'cancel-in-progress': z.boolean() }).optional(),
      steps: z.array(z.looseObject({})),
    }),
  ),
});
const stepSchema = z.looseObject({
  env: z.record(z.string(), z.string()).default({}),
  with: z.looseObject({ command: z.string(), credentials: z.string().optional() }),
});

const workflows = (await examples('README.md', 'yaml')).flatMap((text) => {
  const parsed = parse(text);
  return 'jobs' in parsed ? [workflowSchema.parse(parsed)] : [];
});

test('the README has at most 200 lines', async () => {
  expect((await readFile('README.md', 'utf8')).split('\n').length).toBeLessThanOrEqual(201);
});

describe('the sample configurations', () => {
  test.each([
    ['README.md', ['origin primary', 'partner peer', 'vault backup']],
    [
      'docs/configuration.md',
      [
        ...['origin primary', 'hub peer', 'lake peer', 'library upstream'],
        ...['live peer', 'south peer', 'vault backup'],
      ],
    ],
  ])('are valid: %s', async (page, peers) => {
    const text = await example(page, 'yaml', 'sync:\n  mode:');
    const configuration = buildConfiguration({ file: '/w/.beads/config.yaml', workspace: '/w/.beads', text }, {}, {});
    expect(configuration.peers.map(({ name, role }) => `${name} ${role}`)).toEqual(peers);
  });
});

describe('the sample workflows', () => {
  test('cover the three uses; only those that push may write, and the scheduled one has no concurrent runs', () => {
    const granted = workflows.map(({ name, permissions, jobs }) => [
      name,
      Object.assign({}, permissions, ...Object.values(jobs).map((job) => job.permissions)),
    ]);
    expect(granted).toEqual([
      ['federation', { contents: 'write' }],
      ['federation-check', { contents: 'read', 'pull-requests': 'write' }],
      ['release-backup', { contents: 'write' }],
    ]);
    expect(workflows[0]?.jobs['sync']?.concurrency?.['cancel-in-progress']).toBe(false);
  });

  test.each(workflows)('use only existing commands, inputs and credentials: $name', async ({ jobs }) => {
    const ours = Object.values(jobs).flatMap(({ steps }) => steps.filter(({ uses }) => uses === ACTION));
    expect(ours).toHaveLength(1);
    for (const { env, with: given } of ours.map((step) => stepSchema.parse(step))) {
      const { command, credentials = '', ...inputs } = given;
      expect(COMMANDS).toHaveProperty([command, 'action'], true);
      for (const input of Object.keys(inputs)) expect(OPTIONS).toHaveProperty([input]);
      const values = Object.fromEntries(Object.keys(env).map((name) => [name, SECRETS.get(name) ?? '']));
      const named = [...parseCredentials({ text: credentials, name: 'credentials' }, values).keys()];
      const { peers } = parse(await example('README.md', 'yaml', 'sync:\n  mode:')).federation;
      expect(Object.keys(peers)).toEqual(expect.arrayContaining(named));
    }
  });
});

describe('the commands in the README', () => {
  let cli: CompiledCli;
  beforeAll(async () => {
    cli = await compileCli();
  });
  afterAll(() => cli.dispose());

  test('let two databases share a folder', async () => {
    await using folder = await tempFolder();
    const lines = (await example('README.md', 'sh', 'add-peer')).replaceAll('/tmp/shared', folder.file('shared'));
    await writeProgram(folder.file('dolt-federation'), cli.path);
    await symlink(testDolt(), folder.file('dolt'));
    const env = { PATH: `${folder.path}:${readEnv()['PATH']}`, HOME: folder.path, DOLT_DISABLE_EVENT_FLUSH: '1' };
    const identity = ['name', 'email'].map((key) => `dolt config --global --add user.${key} ann@example.org`);
    const script = `set -e\n${identity.join('\n')}\n${lines}`;
    const result = await execa('/bin/bash', ['-c', script], { cwd: folder.path, extendEnv: false, env, reject: false });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toMatch(/mailbox +up-to-date +remote-empty +pushed/);
    expect(result.stdout).toMatch(/mailbox +peer +up-to-date +0 +0[\s\S]*status: unchanged, 1 peer, main at/);
  });
});
