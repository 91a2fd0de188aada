import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...(await readdir('docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

/** Words that readers of the pages stumbled over, and words of ours for which git and SQL have others. */
const BANNED =
  /\b(?:stands?|anew|nobody|somebody|whoever|by itself|gives? way|what is left|settle[sd]?|settling|told|tells? of|towns?)\b/gi;

/** The prose of a page: without code, and without what is written from tables of the code. */
function prose(text: string): string {
  return text
    .replaceAll(/<!-- generated:(\S+) start -->[\s\S]*?<!-- generated:\1 end -->/g, '')
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
}

test('code and generated text do not count as prose', () => {
  const text = 'a `told` b\n```sh\nstands\n```\n<!-- generated:x start -->\nnobody\n<!-- generated:x end -->\nc';
  expect(prose(text).split(/\s+/)).toEqual(['a', 'b', 'c']);
});

test.each(PAGES)('%s uses plain words', async (page) => {
  const found = [...prose(await readFile(page, 'utf8')).matchAll(BANNED)].map(([word]) => word.toLowerCase());
  // Beads calls a database so, and two pages explain that.
  const explains = page === 'docs/beads.md' || page === 'docs/architecture.md';
  expect(found.filter((word) => !(explains && word === 'town'))).toEqual([]);
});
