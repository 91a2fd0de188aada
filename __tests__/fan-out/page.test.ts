import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { combine } from '../../src/commands/report/index.ts';
import type { Conflict, Plan, RunResult } from '../../src/contract/result.ts';
import { combinedJson } from '../../src/report/combined/outputs.ts';
import { combinedSummary } from '../../src/report/combined/summary.ts';
import { escaped, Html, html } from '../../src/report/page/html.ts';
import { page } from '../../src/report/page/page.ts';
import { anyCharacter, fc } from '../helpers/property.ts';
import { REPORT_REQUEST, reported } from '../helpers/reporting.ts';
import { conflict, HEAD, peer, problem, runResult } from '../helpers/results.ts';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

function* elements(node: Node): Generator<Element> {
  if ('tagName' in node) yield node;
  if ('childNodes' in node) for (const child of node.childNodes) yield* elements(child);
}

function textOf(node: Node): string {
  if (node.nodeName === '#text' && 'value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

/** The elements of the page and their attributes, each kind once. */
function markupOf(text: string): readonly string[] {
  const found = [...elements(parse(text))].map(({ tagName, attrs }) =>
    [tagName, ...attrs.map(({ name, value }) => (name === 'content' ? name : `${name}=${value}`))].join(' '),
  );
  return [...new Set(found)].sort();
}

/** A result in which every text that others may choose is this one. */
function saying(text: string): RunResult {
  const cells = { [text]: text };
  const sides = { base: cells, ours: cells, theirs: null };
  const plan: Plan = {
    pull: 'merge',
    push: 'nothing',
    pullCommits: 1,
    pushCommits: 0,
    head: HEAD,
    incoming: {
      ...{ commits: 1, subjects: [text], moreTables: 1 },
      tables: [{ table: text, change: 'renamed', from: text, definition: true, rows: null }],
    },
  };
  const row: Conflict = conflict({
    table: text,
    key: cells,
    columns: [text],
    ...sides,
    between: [text],
    resolution: text,
  });
  const lost: Conflict = { ...row, kind: 'id-collision', lost: { commit: HEAD, sql: text } };
  return runResult({
    ...{
      shard: '1/2',
      selection: '0123456789ab',
      database: text,
      branch: text,
      doltVersion: text,
      conflictsPath: text,
    },
    status: 'conflict',
    peers: [
      peer({
        name: text,
        endpoint: text,
        role: 'primary',
        status: 'conflict',
        conflicts: [row, lost],
        plan,
        error: { code: 'conflict', message: text, hint: text, retryable: false },
        held: [{ table: text, key: cells, column: text, value: text }],
        attribution: { table: text, rows: 3, sources: [{ system: text, creator: text, rows: 1 }] },
      }),
    ],
    problems: [problem({ message: text, hint: text, peer: text, file: text, line: 1 })],
  });
}

const PLAIN = 'Anna';
const PLAIN_PAGE = page(reported([saying(PLAIN)]), 'full');
const PLAIN_MARKUP = markupOf(PLAIN_PAGE);
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</code></td></tr></table></style></title><svg onload=alert(1)>',
  '<!--',
  ']]><![CDATA[',
  '&lt;script&gt;',
  '{{constructor}}',
  'javascript:alert(1)',
  '</style><style>@import "//evil.example"</style>',
  '<meta http-equiv=refresh content="0;url=//evil.example">',
  '<base href=//evil.example>',
  '\u202eevil\u0000\u001b[31m\u2028',
];

describe('the HTML page', () => {
  test('loads and runs nothing: its policy allows only its own style', () => {
    const all = [...elements(parse(PLAIN_PAGE))];
    const meta = all.filter(({ tagName }) => tagName === 'meta').map(({ attrs }) => attrs.map(({ value }) => value));
    const [style] = all.filter(({ tagName }) => tagName === 'style');
    const digest = createHash('sha256')
      .update(style === undefined ? '' : textOf(style))
      .digest('base64');
    const policy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
    expect(meta).toContainEqual(['Content-Security-Policy', policy]);
    // Only the encoding is parsed before the policy.
    expect(all.slice(0, 4).map(({ tagName }) => tagName)).toEqual(['html', 'head', 'meta', 'meta']);
    for (const tag of ['script', 'link', 'img', 'a', 'iframe', 'form', 'object', 'base'])
      expect(all.some(({ tagName }) => tagName === tag)).toBe(false);
    expect(
      all.flatMap(({ attrs }) => attrs.map(({ name }) => name)).filter((name) => /^on|^style$|src$|href$/.test(name)),
    ).toEqual([]);
  });

  test('contains the facts of the other forms', () => {
    const bad = {
      code: 'network',
      message: 'no answer',
      hint: 'Try later.',
      file: null,
      line: null,
      column: null,
    } as const;
    const result = combine(
      [
        { file: 'a.json', kind: 'run', result: saying(PLAIN) },
        { file: 'b.json', kind: 'error', error: bad },
      ],
      REPORT_REQUEST,
    );
    const text = textOf(parse(page(result, 'keys')));
    for (const part of [
      'report: conflict',
      '2/2',
      'missing',
      'no answer',
      'Try later.',
      'Values are hidden',
      HEAD,
      'a.json',
    ])
      expect(text).toContain(part);
    for (const title of [
      'Legs',
      'Peers',
      'Planned changes',
      'Rows by source',
      'Problems',
      'Lost rows',
      'Rows in conflict',
    ])
      expect(text).toContain(title);
  });

  test.each(HOSTILE)('%j is shown as text', (text) => {
    const written = page(reported([saying(text)]), 'full');
    // The same elements and attributes as with a harmless text: nothing in it became markup.
    expect(markupOf(written)).toEqual(PLAIN_MARKUP);
    const shown = textOf(parse(written));
    if (!/\p{Cc}|\p{Cf}/u.test(text)) expect(shown).toContain(text);
    for (const unseen of ['\u202e', '\u0000', '\u001b', '\u2028']) expect(shown).not.toContain(unseen);
    const marks = (of: string) => combinedSummary(reported([saying(of)])).split('<').length;
    expect(marks(text)).toBe(marks(PLAIN));
  });

  test('any text is shown as text', () => {
    const parts = fc.constantFrom(...HOSTILE, '<', '>', '"', "'", '&', '=', ' ', '`');
    const texts = fc.array(fc.oneof(parts, anyCharacter), { minLength: 1, maxLength: 12 }).map((list) => list.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        expect(markupOf(page(reported([saying(`x${text}`)]), 'full'))).toEqual(PLAIN_MARKUP);
      }),
    );
  });

  test('only the template creates markup', () => {
    expect(html`<b title="${'"<&'}">${['<i>'].map((text) => html`<u>${text}</u>`)}${1}</b>`.markup).toBe(
      '<b title="&quot;&lt;&amp;"><u>&lt;i&gt;</u>1</b>',
    );
    expect(html`${new Html('<i>')}${escaped('<i>'.repeat(3), 4)}`.markup).toBe('<i>&lt;i&gt;…');
  });

  test('many rows are cut between two rows, and the rest is counted', () => {
    const conflicts = Array.from({ length: 5_010 }, (_, index) => conflict({ key: { id: `id-${index}` } }));
    const text = page(reported([runResult({ peers: [peer({ status: 'conflict', conflicts })] })]), 'full');
    expect(text).toContain('id-4999');
    expect(text).not.toContain('id-5000');
    expect(text).toContain('and 10 more rows; the JSON has all of them');
  });
});

describe('a long report', () => {
  const conflicts = Array.from({ length: 3_000 }, (_, index) => conflict({ key: { id: `id-${index}` } }));
  const many = Array.from({ length: 60 }, (_, index) =>
    runResult({ database: `/srv/${index}`, peers: [peer({ status: 'conflict', conflicts: conflicts.slice(0, 100) })] }),
  );
  const combined = reported(many);

  test('fits into the job summary and names every run', () => {
    const summary = combinedSummary(combined);
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(1_000_000);
    expect(summary.match(/^## /gm)).toHaveLength(61);
    const small = combinedSummary(combined, 30_000);
    expect(Buffer.byteLength(small)).toBeLessThanOrEqual(30_000);
  });

  test.each([
    [reported([runResult({ peers: [peer({ conflicts })] })]), 1],
    [combined, 0],
  ] as const)('fits into the output %#', (result, runs) => {
    const text = combinedJson(result, 64 * 1024);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64 * 1024);
    expect(JSON.parse(text)).toMatchObject({ truncated: true });
    expect(JSON.parse(text).runs.length).toBeGreaterThanOrEqual(runs);
  });
});
