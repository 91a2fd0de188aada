import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { sourceAt } from '../helpers/source-tree.ts';

/** A reader follows about 25 files. */
const MOST_HOPS = 26;

const text = await readFile('docs/architecture.md', 'utf8');
const section = text.split('### Follow one endpoint')[1]?.split(/^##/m)[0] ?? '';
const HOPS = [...section.matchAll(/^\| (\d+) \| \[`([^`]+)`\]\(\.\.\/src\/([^)]+)\) \| `(\w+)` \|/gm)].map(
  ([, number = '', shown = '', linked = '', name = '']) => ({ number: Number(number), shown, linked, name }),
);

test('the path of an endpoint has about 25 files, each once', () => {
  expect(HOPS.length).toBeGreaterThan(15);
  expect(HOPS.length).toBeLessThanOrEqual(MOST_HOPS);
  expect(HOPS.map(({ number }) => number)).toEqual(HOPS.map((_, index) => index + 1));
  expect(new Set(HOPS.map(({ linked }) => linked)).size).toBe(HOPS.length);
  expect(HOPS.map(({ shown }) => shown)).toEqual(HOPS.map(({ linked }) => linked));
});

test.each(HOPS)('$linked defines $name', async ({ linked, name }) => {
  const source = await readFile(`src/${linked}`, 'utf8');
  expect(source).toMatch(
    new RegExp(`^(?:export (?:async )?function ${name}\\b|export const ${name}\\b|  ${name}(?:<\\w+>)?\\()`, 'm'),
  );
});

test('every file of the path except the first is imported by an earlier one', () => {
  const imports = new Map(
    HOPS.map(({ linked }) => [linked, sourceAt(`src/${linked}`).imports.map(({ file }) => file)] as const),
  );
  const strays = HOPS.slice(1).filter(({ linked }, index) => {
    const before = HOPS.slice(0, index + 1);
    return !before.some((hop) => imports.get(hop.linked)?.includes(`src/${linked}`) === true);
  });
  expect(strays).toEqual([]);
});
