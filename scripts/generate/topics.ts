import type { TopicName } from '../../src/contract/commands.ts';

/** The sections of the documentation that `dolt-federation help <topic>` prints; null: all before the first section. */
const TOPICS: Readonly<Record<TopicName, readonly (readonly [file: string, section: string | null | 'all'])[]>> = {
  configuration: [['configuration.md', 'all']],
  credentials: [['credentials.md', 'all']],
  endpoints: [['endpoints.md', null]],
  beads: [['beads.md', 'all']],
  merging: [['merging.md', 'all']],
  'rewritten-histories': [['rewritten-histories.md', 'all']],
  safety: [['safety.md', 'all']],
  backups: [['backups.md', 'all']],
  'pull-requests': [['pull-requests.md', 'What changes']],
  'exit-codes': [
    ['commands.md', 'Exit codes'],
    ['configuration.md', 'Which failures make a run fail'],
  ],
};

const WIDTH = 80;

/** src/frontends/cli/topics.generated.ts: pages of docs as plain text, because the command line is one file. */
export function topicsSource(read: (file: string) => string): string {
  const entries = Object.entries(TOPICS).map(([name, parts]) => {
    const pages = parts.map(([file, section]) => {
      const markdown = read(`docs/${file}`);
      return terminalText(section === 'all' ? markdown : sectionOf(markdown, section, file));
    });
    const text = `${pages.join('\n\n')}\n`;
    const key = /^\w+$/.test(name) ? name : `'${name}'`;
    return `  ${key}: ${templateLiteral(text)},\n`;
  });
  return [
    '// Written by `npm run generate` from docs. Change it there.\n',
    "import type { TopicName } from '../../contract/commands.ts';\n\n",
    '/** The text of each topic of `help`. */\n',
    `export const TOPICS: Readonly<Record<TopicName, string>> = {\n${entries.join('')}};\n`,
  ].join('');
}

function templateLiteral(text: string): string {
  return `\`${text.replace(/[\\`]|\$\{/g, (special) => `\\${special}`)}\``;
}

function sectionOf(markdown: string, section: string | null, file: string): string {
  const [head = '', ...sections] = markdown.split(/^(?=## )/m);
  if (section === null) return head;
  const found = sections.find((text) => text.startsWith(`## ${section}\n`));
  if (found === undefined) throw new Error(`docs/${file} has no section ${section}`);
  return found;
}

/** Markdown as plain text of at most 80 columns: what it links to, quotes as code or marks as generated is left out. */
export function terminalText(markdown: string): string {
  const lines: string[] = [];
  const blocks = markdown.replace(/<!--.*?-->\n*/gs, '').split(/\n{2,}(?![^\n]*\n[^\n]*```$)/);
  for (const block of joinCode(blocks)) lines.push(...blockLines(block.trim()), '');
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** A block of code may hold blank lines. */
function joinCode(blocks: readonly string[]): string[] {
  const joined: string[] = [];
  for (const block of blocks) {
    const last = joined.at(-1);
    const isOpen = last !== undefined && (last.match(/^```/gm)?.length ?? 0) % 2 === 1;
    if (isOpen) joined[joined.length - 1] = `${last}\n\n${block}`;
    else joined.push(block);
  }
  return joined;
}

function blockLines(block: string): string[] {
  if (block.startsWith('#')) {
    const [title = '', ...rest] = block.split('\n');
    return [
      plain(title.replace(/^#+ /, '')).toUpperCase(),
      ...(rest.length === 0 ? [] : ['', ...blockLines(rest.join('\n'))]),
    ];
  }
  if (block.startsWith('```'))
    return block
      .split('\n')
      .slice(1, -1)
      .map((line) => `    ${line}`);
  if (block.startsWith('|')) return tableLines(block);
  if (/^(?:[-*]|\d+\.) /.test(block)) {
    return block.split(/\n(?=(?:[-*]|\d+\.) )/).flatMap((item) => {
      const [, mark = '', text = ''] = /^([-*]|\d+\.) (.*)$/s.exec(item) ?? [];
      return wrap(plain(text), `${mark} `, ' '.repeat(mark.length + 1));
    });
  }
  return wrap(plain(block), '', '');
}

/** The first cell of each row, and below it the others with their titles. */
function tableLines(block: string): string[] {
  const [head = [], , ...rows] = block.split('\n').map((line) =>
    line
      .replace(/^\||\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => plain(cell.replaceAll('\\|', '|')).trim()),
  );
  return rows.flatMap(([first = '', ...cells]) => [
    ...wrap(first, '  ', '  '),
    ...cells.flatMap((cell, index) => {
      if (cell === '') return [];
      const title = cells.length === 1 ? '' : `${head[index + 1] ?? ''}: `;
      return wrap(`${title}${cell}`, '      ', '      ');
    }),
  ]);
}

function plain(text: string): string {
  return text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`([^`]*)`/g, '$1')
    .replace(/\s+/g, ' ');
}

function wrap(text: string, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.trim().split(' ')) {
    const isStart = line === first || line === rest;
    if (!isStart && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest + word;
    } else line += isStart ? word : ` ${word}`;
  }
  return [...lines, line];
}
