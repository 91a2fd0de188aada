import { plain, shorten } from '../core/text.ts';

const MAX_CELL = 1_000;
/** Invisible; prevents `@name`, `#12` and `GH-12` from becoming a mention or a link to an issue. */
const WORD_JOINER = '&#8288;';

/**
 * Any text as literal text of GitHub's markdown, on one line. Numeric references cannot act as markup (CommonMark 0.31
 * §2.5), so all punctuation except `,` and `-` is written as one.
 */
export function literal(text: string): string {
  return encode(text).replace(/&#(?:64|35);|gh-(?=\d)/gi, (reference) => reference + WORD_JOINER);
}

/** Any text as inline code of GitHub's markdown; empty text stays empty, and text beyond `limit` characters is cut. */
export function code(text: string, limit: number = MAX_CELL): string {
  return text === '' ? '' : `<code>${encode(text, limit)}</code>`;
}

/** One row of a table, from markdown cells. */
function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

function encode(text: string, limit: number = MAX_CELL): string {
  return shorten(plain(text), limit).replace(/[!-+./:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}

interface Table {
  readonly columns: readonly string[];
  /** Markdown cells. */
  readonly rows: Iterable<readonly string[]>;
}

/** Space for the line that counts the omitted rows. */
const OMISSION_BYTES = 80;

/** A table below its title, which is markdown; empty if the table is. */
export function titledTable(title: string, table: Table, budget: number): string {
  const head = `\n### ${title}\n\n`;
  const body = markdownTable(table, budget - Buffer.byteLength(head));
  return body === '' ? '' : head + body;
}

/**
 * A table of at most `budget` bytes of UTF-8. It is cut between two rows and then counts the omitted ones; empty if it has
 * no rows, or if not even its head fits.
 */
export function markdownTable(table: Table, budget: number): string {
  const head = row(table.columns) + row(table.columns.map(() => '---'));
  let left = budget - Buffer.byteLength(head) - OMISSION_BYTES;
  if (left < 0) return '';
  let body = '';
  let omitted = 0;
  for (const cells of table.rows) {
    const line = row(cells);
    left -= omitted === 0 ? Buffer.byteLength(line) : 0;
    if (omitted > 0 || left < 0) omitted += 1;
    else body += line;
  }
  if (omitted === 0) return body === '' ? '' : head + body;
  return `${head}${body}\n${omitted} more ${omitted === 1 ? 'row is' : 'rows are'} not shown.\n`;
}
