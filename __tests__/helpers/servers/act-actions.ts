import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TempFolder } from '../temp-folder.ts';

const REUSABLE = join('.github', 'workflows', 'federate.yml');

/** Stubs of other actions: artifacts become folders below the path in the variable ARTIFACTS. */
const STUBS: Readonly<Record<string, string>> = {
  'actions/upload-artifact': `const { cpSync, mkdirSync } = require('node:fs');
const { basename, join } = require('node:path');
const { INPUT_NAME: name, INPUT_PATH: paths, ARTIFACTS: folder } = process.env;
mkdirSync(join(folder, name), { recursive: true });
for (const path of paths.split('\\n').filter((line) => line !== '')) {
  cpSync(path, join(folder, name, basename(path)), { recursive: true });
}
`,
  'actions/download-artifact': `const { cpSync, mkdirSync, readdirSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { INPUT_NAME: name, INPUT_PATTERN, INPUT_PATH, ARTIFACTS: folder } = process.env;
// act sets an input that is not given to the empty text.
const [pattern, path] = [INPUT_PATTERN || '*', INPUT_PATH || '.'];
const [start, end] = pattern.split('*');
const merges = Boolean(name) || process.env['INPUT_MERGE-MULTIPLE'] === 'true';
const isWanted = (one) => (!name ? one.startsWith(start) && one.endsWith(end ?? '') : one === name);
const target = resolve(process.env.GITHUB_WORKSPACE, path);
mkdirSync(target, { recursive: true });
for (const one of readdirSync(folder).filter(isWanted)) {
  cpSync(join(folder, one), merges ? target : join(target, one), { recursive: true });
}
`,
};
const STUB_METADATA = `name: artifacts
description: keeps files
inputs: {name: {}, path: {}, pattern: {}, merge-multiple: {}}
runs: {using: node20, main: index.js}
`;

/** Runs our step and keeps its job summary: act empties the file before each step and does not print it. */
const MAIN = `const { appendFileSync, readFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { status } = spawnSync(process.execPath, [join(__dirname, 'main.js')], { stdio: 'inherit' });
appendFileSync(process.env.SUMMARIES, readFileSync(process.env.GITHUB_STEP_SUMMARY, 'utf8'));
process.exitCode = status ?? 1;
`;

/**
 * Replaces syntax that act 0.2.89 does not know: `$/`, the repository of the workflow itself, and an environment without a
 * deployment.
 */
function forAct(text: string): string {
  return text
    .replace(/uses: \$\/(\S+)/g, 'uses: OWNER/dolt-federation/$1@COMMIT')
    .replace(/^ *deployment: false\n/gm, '')
    .replace(/, deployment: false\}/g, '}');
}

export interface LocalActions {
  /** Folder of the workflows as act reads them. */
  readonly workflows: string;
  /** Arguments that name the folder of each action. */
  readonly args: readonly string[];
}

/** Writes the actions that the workflows of a repository use: ours with the bundle of this checkout, and stubs. */
export async function writeActions(folder: TempFolder, repository: string): Promise<LocalActions> {
  const workflows = folder.file('act', 'workflows');
  const action = folder.file('act', 'action');
  const from = join(repository, '.github', 'workflows');
  const texts = new Map(
    await Promise.all(
      (await readdir(from)).map(async (name) => [name, forAct(await readFile(join(from, name), 'utf8'))] as const),
    ),
  );
  await mkdir(workflows, { recursive: true });
  for (const [name, text] of texts) await writeFile(join(workflows, name), text);

  await cp('dist', join(action, 'dist'), { recursive: true });
  await writeFile(join(action, 'dist', 'keeping.cjs'), MAIN);
  for (const file of ['action.yml', 'setup/action.yml', 'sync/action.yml', 'validate/action.yml']) {
    await mkdir(dirname(join(action, file)), { recursive: true });
    const metadata = await readFile(file, 'utf8');
    await writeFile(join(action, file), metadata.replace('dist/main.js', 'dist/keeping.cjs'));
  }
  const reusable = forAct(await readFile(REUSABLE, 'utf8'));
  await mkdir(dirname(join(action, REUSABLE)), { recursive: true });
  await writeFile(join(action, REUSABLE), reusable);

  const local = [`OWNER/dolt-federation@COMMIT=${action}`];
  for (const [name, script] of Object.entries(STUBS)) {
    const stub = folder.file('act', name);
    await mkdir(stub, { recursive: true });
    await writeFile(join(stub, 'action.yml'), STUB_METADATA);
    await writeFile(join(stub, 'index.js'), script);
    const used = [...texts.values(), reusable].flatMap((text) => [
      ...text.matchAll(new RegExp(`uses: ${name}@(\\S+)`, 'g')),
    ]);
    for (const ref of new Set(used.map(([, ref]) => ref))) local.push(`${name}@${ref}=${stub}`);
  }
  return { workflows, args: local.flatMap((each) => ['--local-repository', each]) };
}
