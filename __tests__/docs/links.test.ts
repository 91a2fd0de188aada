import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = process.cwd();
const inDocs = (await readdir('docs', { recursive: true })).map((name) => `docs/${name}`);
const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...inDocs].filter((name) => name.endsWith('.md'));
const TEXTS = new Map(
  await Promise.all(PAGES.map(async (page) => [page, withoutCode(await readFile(page, 'utf8'))] as const)),
);

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '');
}

/** The anchors of a page as GitHub makes them: repeated headings are numbered. */
function anchors(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const found = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.+)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    found.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return found;
}

const ANCHORS = new Map([...TEXTS].map(([page, text]) => [page, anchors(text)]));

/** The reason why a link of a page is broken; null: it is valid. */
function broken(page: string, target: string): string | null {
  if (/^https?:/.test(target)) return null;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : relative(ROOT, resolve(dirname(page), path));
  if (!existsSync(file)) return `${target}: no such file`;
  if (anchor === undefined) return null;
  const known = ANCHORS.get(file);
  if (known === undefined) return `${target}: an anchor in a file that is no page`;
  return known.has(anchor) ? null : `${target}: no such heading`;
}

test('anchors equal those of GitHub', () => {
  const text = '# A `b` C\n\n## git@host:path, git+ssh://\n\n## [Safety](safety.md): what\n\n## A b c\n';
  expect([...anchors(text)]).toEqual(['a-b-c', 'githostpath-gitssh', 'safety-what', 'a-b-c-1']);
});

test.each([
  ['missing.md', 'missing.md: no such file'],
  ['#missing', '#missing: no such heading'],
  ['docs/limits.md#missing', 'docs/limits.md#missing: no such heading'],
  ['action.yml#x', 'action.yml#x: an anchor in a file that is no page'],
  ['https://example.org/#x', null],
])('the link %s of the README: %s', (target, expected) => {
  expect(broken('README.md', target)).toBe(expected);
});

describe('pages', () => {
  test('exist', () => {
    expect(PAGES).toEqual(expect.arrayContaining(['docs/commands.md', 'docs/configuration.md', 'docs/merging.md']));
  });

  test.each(PAGES)('contain only valid links: %s', (page) => {
    const targets = [...(TEXTS.get(page) ?? '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(targets.flatMap((target) => broken(page, target) ?? [])).toEqual([]);
  });

  test.each(PAGES)('name only existing files: %s', (page) => {
    const named = [...(TEXTS.get(page) ?? '').matchAll(/`((?:src|scripts|bench|docs|__tests__)\/[\w./-]+)`/g)];
    // The threat model names tests by their path below __tests__.
    const isThere = (file: string) => existsSync(file) || existsSync(`__tests__/${file}.test.ts`);
    expect(named.flatMap(([, file = '']) => (isThere(file) || file.includes('NAME') ? [] : [file]))).toEqual([]);
  });

  test('are linked from at least one other page', () => {
    const linked = new Set(
      [...TEXTS].flatMap(([page, text]) =>
        [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].flatMap(([, target = '']) => {
          const file = relative(ROOT, resolve(dirname(page), target));
          return file === page ? [] : [file];
        }),
      ),
    );
    const alone = PAGES.filter((page) => page !== 'README.md' && !page.startsWith('docs/adr/') && !linked.has(page));
    expect(alone).toEqual([]);
  });
});
