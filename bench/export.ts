/**
 * `npm run bench:export [ISSUES]`: the time and the most memory of `export` for so many issues, of one that changes
 * nothing, of `export --check`, and of `bd export`. It runs the bundle in dist/ on a database of the real bd, and fails if
 * the two files differ.
 */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { CLI } from '../__tests__/helpers/bundled-cli.ts';
import { openTestDatabase } from '../__tests__/helpers/database.ts';
import { bdWorkspace } from '../__tests__/helpers/servers/bd.ts';
import { serverProgram } from '../__tests__/helpers/servers/server-program.ts';
import { tempFolder } from '../__tests__/helpers/temp-folder.ts';
import { watchMemory } from './limits/memory.ts';
import { table } from './table.ts';

const count = Number(process.argv[2] ?? 100_000);
if (!(count > 0)) throw new Error(`${count} is not a number of issues`);
const MIB = 1024 * 1024;

await using folder = await tempFolder();
const bd = await bdWorkspace(folder, []);
await fill();
const file = folder.file('repo', '.beads', 'issues.jsonl');
const cli = (...words: readonly string[]) => [process.execPath, [CLI, 'export', ...words]] as const;
const rows = [
  await measured('export', ...cli()),
  await measured('export again', ...cli()),
  await measured('export --check', ...cli('--check')),
  await measured('bd export', serverProgram('BD'), ['export', '-o', folder.file('bd.jsonl')]),
];
const bytes = await readFile(file);
const isEqual = bytes.equals(await readFile(folder.file('bd.jsonl')));
console.log(table(['command', 'seconds', 'MiB', 'Dolt MiB'], rows));
console.log(
  `\n${count} issues, ${(bytes.length / MIB).toFixed(0)} MiB; bd writes ${isEqual ? 'the same' : 'OTHER'} bytes`,
);
if (!isEqual) process.exitCode = 1;

/** Issues with a description, every second one with an edge, a comment and a label. */
async function fill(): Promise<void> {
  const digits = Math.max(1, Math.ceil(Math.log10(count)));
  const places = Array.from({ length: digits }, (_, place) => place);
  const number = places.map((place) => `d${place}.d * ${10 ** place}`).join(' + ');
  const numbers = `(SELECT ${number} AS n FROM ${places.map((place) => `digits AS d${place}`).join(', ')}) AS numbers`;
  const local = openTestDatabase(folder.file('repo', '.beads', 'embeddeddolt', 'north'));
  await local.commit(
    'many issues',
    'CREATE TABLE digits (d INT PRIMARY KEY)',
    'INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)',
    `INSERT INTO issues (id, title, description, design, acceptance_criteria, notes, priority) SELECT CONCAT('north-', n), CONCAT('Issue ', n), REPEAT('A sentence about the issue. ', 10), '', '', '', n % 5 FROM ${numbers} WHERE n < ${count}`,
    `INSERT INTO dependencies (id, issue_id, depends_on_issue_id, type, created_by) SELECT UUID(), CONCAT('north-', n), CONCAT('north-', n + 1), 'blocks', 'Ann' FROM ${numbers} WHERE n % 2 = 0 AND n < ${count} - 1`,
    `INSERT INTO comments (id, issue_id, author, text) SELECT UUID(), CONCAT('north-', n), 'Ann', 'A comment' FROM ${numbers} WHERE n % 2 = 0 AND n < ${count}`,
    `INSERT INTO labels (issue_id, label) SELECT CONCAT('north-', n), 'urgent' FROM ${numbers} WHERE n % 2 = 0 AND n < ${count}`,
    'DROP TABLE digits',
  );
}

async function measured(name: string, program: string, words: readonly string[]): Promise<string[]> {
  const started = performance.now();
  const running = execa(program, words, { cwd: bd.cwd, env: bd.env });
  const watched = await watchMemory(running.pid);
  await running;
  const seconds = (performance.now() - started) / 1_000;
  const { own, dolt } = await watched.stop();
  return [name, seconds.toFixed(1), `${own}`, dolt === 0 ? '' : `${dolt}`];
}
