import { readdirSync, readFileSync } from 'node:fs';
import { texts } from './source-tree.ts';

/** A shell line with a command of ours, and its place. */
interface PrintedLine {
  readonly line: string;
  readonly place: string;
}

/** Each line once. */
export function once(lines: readonly PrintedLine[]): PrintedLine[] {
  return [...new Map(lines.map((each) => [each.line, each])).values()];
}

/** Every command that a text of the source advises: in backquotes, or after a colon. Values of a template are `…`. */
export function printedLines(): PrintedLine[] {
  return texts('src', 'dolt-federation').flatMap(({ path, text }) =>
    [...text.matchAll(/(?:`|: )(dolt-federation [a-z-][^`\n]*)/g)].map(([, line = '']) => ({ line, place: path })),
  );
}

/** Every command of a page for users: in backquotes, and in blocks of shell, without comments. */
export function documentedLines(): PrintedLine[] {
  const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));
  return ['README.md', ...pages.map((name) => `docs/${name}`)].flatMap((place) => {
    // The output is not a command, and has a test of its own.
    const text = readFileSync(place, 'utf8').replace(/```text\n[\s\S]*?```/g, '');
    const quoted = [...text.matchAll(/`(dolt-federation [^`\n@]*)`/g)].map(([, line = '']) => line);
    const blocks = [...text.matchAll(/```(?:sh|bash|console)\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
      block.split('\n').filter((line) => line.includes('dolt-federation ')),
    );
    return [...quoted, ...blocks].map((line) => ({ line: line.replace(/\s+#.*$/, ''), place }));
  });
}
