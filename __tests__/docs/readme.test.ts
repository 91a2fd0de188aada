import { chmod, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { parse } from 'yaml';
import { buildConfiguration } from '../../src/config/build.ts';
import { COMMANDS } from '../../src/contract/commands.ts';
import { OPTIONS } from '../../src/contract/options.ts';
import { readEnv } from '../../src/core/env.ts';
import { type CompiledCli, compileCli } from '../helpers/compiled-cli.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** The one fenced example of the README that holds a text. */
async function example(language: string, marker: string): Promise<string> {
  const readme = await readFile('README.md', 'utf8');
  const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, tag, text = '']) => tag === language && text.includes(marker))
    .map(([, , text = '']) => text);
  const [block, ...others] = blocks;
  if (block === undefined || others.length > 0) throw new Error(`${blocks.length} examples hold '${marker}'`);
  return block;
}

describe('the examples of the README', () => {
  test('the configuration is accepted as it stands', async () => {
    const text = await example('yaml', 'allowed-remote-patterns');
    const configuration = buildConfiguration({ file: '/w/.beads/config.yaml', workspace: '/w/.beads', text }, {}, {});
    expect(configuration.peers.map(({ name, role }) => `${name} ${role}`)).toEqual([
      'origin primary',
      'hub peer',
      'lake peer',
      'library upstream',
      'live peer',
      'south peer',
      'vault backup',
    ]);
  });

  test('the workflow uses commands and inputs that exist, reads only, and never runs twice at once', async () => {
    const workflow = parse(await example('yaml', 'schedule:'));
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(workflow.concurrency['cancel-in-progress']).toBe(false);
    const { command, ...inputs } = workflow.jobs.sync.steps.at(-1).with;
    expect(COMMANDS).toHaveProperty([command, 'action'], true);
    for (const input of Object.keys(inputs)) expect(OPTIONS).toHaveProperty([input]);
  });
});

describe('the lines to type', () => {
  let cli: CompiledCli;
  beforeAll(async () => {
    cli = await compileCli();
  });
  afterAll(() => cli.dispose());

  test('two databases share a folder', async () => {
    await using folder = await tempFolder();
    const lines = (await example('sh', 'add-peer')).replaceAll('/tmp/shared', folder.file('shared'));
    await writeFile(
      folder.file('dolt-federation'),
      `#!/bin/sh\nexec ${process.execPath} ${cli.compiled('cli')} "$@"\n`,
    );
    await chmod(folder.file('dolt-federation'), 0o755);
    await symlink(testDolt(), folder.file('dolt'));
    const env = { PATH: `${folder.path}:${readEnv()['PATH']}`, HOME: folder.path, DOLT_DISABLE_EVENT_FLUSH: '1' };
    const identity = ['name', 'email'].map((key) => `dolt config --global --add user.${key} ann@example.org`);
    const script = `set -e\n${identity.join('\n')}\n${lines}`;
    const result = await execa('/bin/bash', ['-c', script], { cwd: folder.path, extendEnv: false, env, reject: false });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toContain('"state": "remote-empty"');
    expect(result.stdout).toMatch(/mailbox +peer +T1 +up-to-date +unchanged[\s\S]*status: unchanged, 1 peer, main at/);
  });
});

test.each([
  'README.md',
  'CONTRIBUTING.md',
  'docs/architecture.md',
  'docs/limits.md',
  'docs/rewritten-histories.md',
  'docs/threat-model.md',
  'docs/troubleshooting.md',
])('links of %s lead somewhere', async (file) => {
  const text = await readFile(file, 'utf8');
  const targets = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target = '']) => target);
  for (const target of targets.filter((one) => !/^https?:/.test(one))) {
    await expect(stat(resolve(dirname(file), target))).resolves.toBeDefined();
  }
});
