import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { described } from '../../scripts/generate/described.ts';
import { fillMarks } from '../../scripts/generate/marked-blocks.ts';
import { terminalText } from '../../scripts/generate/topics.ts';
import { compiledSources } from '../helpers/compiled-sources.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const ROOT = process.cwd();
const GENERATED = [
  ...['action.yml', 'setup/action.yml', 'sync/action.yml', 'validate/action.yml', 'action-types.yml'],
  ...['docs/commands.md', 'docs/inputs-and-outputs.md', 'docs/pull-requests.md'],
  ...[
    'docs/troubleshooting.md',
    'docs/result.schema.json',
    'docs/config.schema.json',
    'docs/webhook.schema.json',
    'docs/limits.md',
  ],
  'src/frontends/cli/topics.generated.ts',
];
/** Files that are only read. */
const SOURCES = [
  ...['docs/configuration.md', 'docs/credentials.md', 'docs/endpoints.md', 'docs/beads.md'],
  ...[
    'docs/merging.md',
    'docs/rewritten-histories.md',
    'docs/safety.md',
    'docs/backups.md',
    'docs/pull-requests.md',
    '__tests__/fixtures/samples',
  ],
];

let compiled = '';

beforeAll(async () => {
  compiled = await compiledSources();
});

const generate = (cwd: string, ...args: string[]) =>
  execa(process.execPath, [join(compiled, 'scripts', 'generate.js'), ...args], { cwd, reject: false });

/** A copy of everything that is generated. */
async function copy(): Promise<TempFolder> {
  const folder = await tempFolder();
  for (const path of [...GENERATED, ...SOURCES]) {
    await mkdir(dirname(folder.file(path)), { recursive: true });
    await cp(join(ROOT, path), folder.file(path), { recursive: true });
  }
  return folder;
}

describe('a text that follows from the contract', () => {
  test('equals the text in the repository', async () => {
    const { exitCode, stdout, stderr } = await generate(ROOT, '--check');
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('is reported if it changes, not written by the check, and restored by npm run generate', async () => {
    await using folder = await copy();
    const read = (path: string) => readFile(folder.file(path), 'utf8');
    const texts = await Promise.all(GENERATED.map(read));
    const drifted = texts.map((text) =>
      text.replace(/dolt-version|dirty|\| Exit code|\| Dangerous|invalid-endpoint|16,384/, 'drift'),
    );
    for (const [index, path] of GENERATED.entries()) {
      expect(drifted[index]).not.toBe(texts[index]);
      await writeFile(folder.file(path), drifted[index] ?? '');
    }

    const checked = await generate(folder.path, '--check');
    expect(checked.exitCode).toBe(1);
    expect(checked.stdout.split('\n').sort()).toEqual(
      GENERATED.map((path) => `${path} does not follow from its sources: run \`npm run generate\``).sort(),
    );
    expect(await Promise.all(GENERATED.map(read))).toEqual(drifted);

    const generated = await generate(folder.path);
    expect(generated.stdout.split('\n').sort()).toEqual(GENERATED.map((path) => `wrote ${path}`).sort());
    expect(await Promise.all(GENERATED.map(read))).toEqual(texts);
  });

  test('is reported alone if only one changes', async () => {
    await using folder = await copy();
    await writeFile(folder.file('action-types.yml'), 'drift');
    expect((await generate(folder.path, '--check')).stdout).toBe(
      'action-types.yml does not follow from its sources: run `npm run generate`',
    );
    expect((await generate(folder.path)).stdout).toBe('wrote action-types.yml');
  });

  test('stops everything before a write if a document or a mark is missing', async () => {
    await using folder = await copy();
    const page = 'docs/inputs-and-outputs.md';
    await writeFile(folder.file(page), 'no marks');
    await writeFile(folder.file('action.yml'), 'drift');
    const { exitCode, stderr } = await generate(folder.path);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(`generate: ${page} lacks the mark <!-- generated:inputs start -->`);
    expect(await readFile(folder.file('action.yml'), 'utf8')).toBe('drift');
    await rm(folder.file(page));
    expect((await generate(folder.path)).stderr).toContain(`${page} does not exist; it must hold the marks`);
  });
});

describe('the marks of a document', () => {
  const [start, end] = ['<!-- generated:x start -->', '<!-- generated:x end -->'];

  test('surround the replaced text, and the rest is kept', () => {
    expect(fillMarks('f', `a ${start} old ${end} b`, { x: 'new' })).toBe(`a ${start}\n\nnew\n\n${end} b`);
  });

  test.each([
    [null, 'f does not exist; it must hold the marks'],
    ['', `f lacks the mark ${start}`],
    [start, `f lacks the mark ${end}`],
    [`${start}${start}${end}`, `f has the mark ${start} twice`],
    [`${end}${start}`, `f: the mark ${end} is before its start`],
  ])('are refused: %j', (document, message) => {
    expect(() => fillMarks('f', document, { x: '' })).toThrow(message);
  });
});

test.each(['', '  '])('the description "%s" is refused', (description) => {
  expect(() => described('the option x', description)).toThrow('the option x has no description in src/contract');
});

test('markdown becomes plain text for a terminal', () => {
  const markdown = [
    '# A `page`',
    'It links to [another](x.md#y).',
    '<!-- generated:t start -->',
    '| Key | Default | Meaning |\n| --- | --- | --- |\n| `a \\| b` | | one |\n| `c` | `d` | two |',
    '```yaml\na: 1\n\nb: `2`\n```',
    `- ${'word '.repeat(20)}\n- last\n  line`,
    '1. first\n2. second',
  ].join('\n\n');
  expect(terminalText(markdown).split('\n')).toEqual([
    'A PAGE',
    '',
    'It links to another.',
    '',
    '  a | b',
    '      Meaning: one',
    '  c',
    '      Default: d',
    '      Meaning: two',
    '',
    '    a: 1',
    '    ',
    '    b: `2`',
    '',
    `- ${'word '.repeat(15).trim()}`,
    `  ${'word '.repeat(5).trim()}`,
    '- last line',
    '',
    '1. first',
    '2. second',
  ]);
});
