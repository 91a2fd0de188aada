/**
 * `npm run generate`: writes everything that follows from the tables in src/contract, from limits in src, and from
 * docs. `--check` writes nothing, names every file that would change, and exits with 1 if there is one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { actionTypesYml } from './generate/action-types-yml.ts';
import { actionYml, setupActionYml, syncActionYml, validateActionYml } from './generate/action-yml.ts';
import { configSchema } from './generate/config-schema.ts';
import { changeTable, commandTable, exitCodeTable, inputTable, outputTable } from './generate/contract-tables.ts';
import { errorEntries } from './generate/error-entries.ts';
import { limitTable } from './generate/limit-table.ts';
import { fillMarks } from './generate/marked-blocks.ts';
import { resultSchema } from './generate/result-schema.ts';
import { topicsSource } from './generate/topics.ts';
import { webhookSchemaText } from './generate/webhook-schema.ts';

const ROOT = process.cwd();

/**
 * The text of each file, from its present text (null: it does not exist) and the texts of the files before it. Throws
 * if a mark is missing.
 */
const FILES: Readonly<Record<string, (now: string | null, before: ReadonlyMap<string, string>) => string>> = {
  'action.yml': actionYml,
  'setup/action.yml': setupActionYml,
  'sync/action.yml': syncActionYml,
  'validate/action.yml': validateActionYml,
  'action-types.yml': actionTypesYml,
  'docs/result.schema.json': resultSchema,
  'docs/config.schema.json': configSchema,
  'docs/webhook.schema.json': webhookSchemaText,
  'docs/troubleshooting.md': (now) => fillMarks('docs/troubleshooting.md', now, { errors: errorEntries(samples()) }),
  'docs/limits.md': (now) => fillMarks('docs/limits.md', now, { limits: limitTable() }),
  'docs/pull-requests.md': (now) => fillMarks('docs/pull-requests.md', now, { changes: changeTable() }),
  'docs/commands.md': (now) =>
    fillMarks('docs/commands.md', now, { commands: commandTable(), 'exit-codes': exitCodeTable() }),
  'docs/inputs-and-outputs.md': (now) =>
    fillMarks('docs/inputs-and-outputs.md', now, { inputs: inputTable(), outputs: outputTable() }),
  'src/frontends/cli/topics.generated.ts': (_, before) =>
    topicsSource((file) => before.get(file) ?? readFileSync(join(ROOT, file), 'utf8')),
};

/** The output of the command line for each code; `__tests__/docs/samples.test.ts` writes and checks it. */
const SAMPLES = join(ROOT, '__tests__', 'fixtures', 'samples');

function samples(): ReadonlyMap<string, string> {
  return new Map(
    readdirSync(SAMPLES).map((name) => [name.replace(/\.txt$/, ''), readFileSync(join(SAMPLES, name), 'utf8')]),
  );
}

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
  const texts = new Map<string, string>();
  for (const [path, make] of Object.entries(FILES)) {
    const now = await read(path);
    const text = make(now, texts);
    texts.set(path, text);
    if (text !== now) drifted.push({ path, text });
  }
  for (const { path, text } of drifted) {
    console.log(check ? `${path} does not follow from its sources: run \`npm run generate\`` : `wrote ${path}`);
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
