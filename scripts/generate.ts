/**
 * `npm run generate`: writes everything that follows from the tables in src/contract and from limits in src. With `--check` nothing is written;
 * every file that would change is named, and there is one, the exit code is 1.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { actionTypesYml } from './generate/action-types-yml.ts';
import { actionYml, setupActionYml } from './generate/action-yml.ts';
import { errorEntries } from './generate/error-entries.ts';
import { limitTable } from './generate/limit-table.ts';
import { fillMarks } from './generate/marked-blocks.ts';
import { commandTable, exitCodeTable, inputTable, outputTable } from './generate/readme-tables.ts';
import { resultSchema } from './generate/result-schema.ts';

const ROOT = process.cwd();

/** What each file should hold, from what it holds now (null: it does not exist). Throws where that cannot be said. */
const FILES: Readonly<Record<string, (now: string | null) => string>> = {
  'action.yml': actionYml,
  'setup/action.yml': setupActionYml,
  'action-types.yml': actionTypesYml,
  'docs/result.schema.json': resultSchema,
  'docs/troubleshooting.md': (now) => fillMarks('docs/troubleshooting.md', now, { errors: errorEntries() }),
  'docs/limits.md': (now) => fillMarks('docs/limits.md', now, { limits: limitTable() }),
  'README.md': (now) =>
    fillMarks('README.md', now, {
      inputs: inputTable(),
      outputs: outputTable(),
      commands: commandTable(),
      'exit-codes': exitCodeTable(),
    }),
};

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(join(ROOT, path), 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw thrown;
  }
}

async function main(check: boolean): Promise<void> {
  const drifted: { path: string; text: string }[] = [];
  for (const [path, make] of Object.entries(FILES)) {
    const now = await read(path);
    const text = make(now);
    if (text !== now) drifted.push({ path, text });
  }
  for (const { path, text } of drifted) {
    console.log(check ? `${path} does not follow from src/contract: run \`npm run generate\`` : `wrote ${path}`);
    if (check) continue;
    await mkdir(dirname(join(ROOT, path)), { recursive: true });
    await writeFile(join(ROOT, path), text);
  }
  if (check && drifted.length > 0) process.exitCode = 1;
}

try {
  await main(process.argv.includes('--check'));
} catch (thrown) {
  console.error(`generate: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  process.exitCode = 1;
}
