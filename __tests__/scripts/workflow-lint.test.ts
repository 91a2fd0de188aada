import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { workflow } from '../../src/report/commands/workflow.ts';
import { recipes, SECOND_DATABASE } from '../helpers/recipes.ts';
import { serverProgram } from '../helpers/servers/server-program.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const WORKFLOWS = join('.github', 'workflows');
const ACTIONS = ['action.yml', 'setup', 'sync', 'validate'];
/** actionlint checks that the bundles exist, and does not read them. */
const BUNDLES = ['main.js', 'post.js'];
const PIN = '0123456789abcdef0123456789abcdef01234567';

/** The output of `init` for a remote with secrets, and for one without. */
const PRINTED = new Map(
  [SECOND_DATABASE, { ...SECOND_DATABASE, secrets: [], credentials: [] }].map((needs, index) => [
    `printed-${index}.yml`,
    workflow(needs),
  ]),
);

/** A repository with workflows, and beside them the actions of this one. */
async function repositoryWith(folder: TempFolder, workflows: ReadonlyMap<string, string>): Promise<string> {
  await mkdir(folder.file(WORKFLOWS), { recursive: true });
  await mkdir(folder.file('.git'));
  await mkdir(folder.file('dist'));
  for (const bundle of BUNDLES) await writeFile(folder.file('dist', bundle), '');
  for (const action of ACTIONS) await cp(action, folder.file(action), { recursive: true });
  for (const [name, text] of workflows) await writeFile(folder.file(WORKFLOWS, name), text);
  return folder.path;
}

async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout, exitCode } = await execa(program, args, { cwd, reject: false });
  if (exitCode === undefined) throw new Error(`${program} did not run`);
  return exitCode === 0 ? stdout : `${stdout}\nexit code ${exitCode}`;
}

/** The findings of actionlint; none: an empty text. */
const actionlint = (cwd: string) => run(serverProgram('ACTIONLINT'), ['-no-color'], cwd);

/** The findings of zizmor, which reads the configuration of the folder. */
const zizmor = async (cwd: string, ...args: readonly string[]) => {
  const found = await run(serverProgram('ZIZMOR'), ['--offline', '--no-progress', '--color=never', ...args], cwd);
  return found.startsWith('No findings to report') ? '' : found;
};

describe('the workflows of this repository', () => {
  test('have no findings, nor do its actions', async () => {
    expect(await actionlint('.')).toBe('');
    expect(await zizmor('.', '.github', ...ACTIONS)).toBe('');
  }, 30_000);

  test('need all exceptions in the configurations of the linters', async () => {
    await using folder = await tempFolder();
    const names = await readdir(WORKFLOWS);
    const texts = await Promise.all(names.map((name) => readFile(join(WORKFLOWS, name), 'utf8')));
    await repositoryWith(folder, new Map(names.map((name, index) => [name, texts[index] ?? ''])));
    const findings = (await actionlint(folder.path)).split('\n').filter((line) => /^\S+\.yml:/.test(line));
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings)
      expect(finding).toMatch(/ specifying action "\$\/\w+" in invalid format because ref is/);
    const audits = [...(await zizmor(folder.path, '.')).matchAll(/^\w+\[([\w-]+)\]/gm)].map(([, audit]) => audit);
    expect(new Set(audits)).toEqual(new Set(['self-repository']));
  }, 30_000);
});

describe('the workflows that users copy', () => {
  let folder: TempFolder;
  let pinned: TempFolder;

  beforeAll(async () => {
    folder = await tempFolder();
    pinned = await tempFolder();
    const copied = new Map([...(await recipes()), ...PRINTED]);
    const texts = (edit: (text: string) => string) => new Map([...copied].map(([name, text]) => [name, edit(text)]));
    const reusable = await readFile(join(WORKFLOWS, 'federate.yml'), 'utf8');
    // As local actions, so that inputs and outputs are checked as well.
    const local = texts((text) =>
      text.replace(/OWNER\/dolt-federation(\S*)@COMMIT/g, '.$1').replace(/uses: \.(?= |$)/gm, 'uses: ./'),
    );
    await repositoryWith(folder, new Map([...local, ['federate.yml', reusable.replace('uses: $/', 'uses: ./')]]));
    await repositoryWith(
      pinned,
      texts((text) => text.replaceAll('OWNER', 'my-org').replaceAll('COMMIT', PIN)),
    );
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
    await pinned[Symbol.asyncDispose]();
  });

  test('have no findings of actionlint, which knows our inputs and outputs', async () => {
    expect(await actionlint(folder.path)).toBe('');
  }, 30_000);

  test('have no findings of zizmor, even with its strictest checks', async () => {
    expect(await zizmor(pinned.path, '--persona', 'auditor', WORKFLOWS)).toBe('');
  }, 30_000);
});

test('both linters find the mistakes of a workflow', async () => {
  await using folder = await tempFolder();
  const [, text = ''] = [...PRINTED][0] ?? [];
  const local = text.replace('OWNER/dolt-federation@COMMIT', './');
  const wrong = local
    .replace('command: sync', 'comand: sync')
    .replace('persist-credentials: false', 'fetch-tags: true');
  await repositoryWith(folder, new Map([['wrong.yml', wrong]]));
  expect(await actionlint(folder.path)).toContain('input "comand" is not defined in action "dolt-federation"');
  expect(await zizmor(folder.path, WORKFLOWS)).toContain('[artipacked]');
}, 30_000);
