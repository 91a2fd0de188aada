import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { listed, plain } from '../../core/text.ts';
import { folded } from '../sql/identifier.ts';
import { remembered } from '../sql/remembered.ts';
import { type Token, tokensOf } from './create-table.ts';

interface View {
  readonly name: string;
  readonly text: string;
}

/** The views of a commit, by folded name. */
export type Views = ReadonlyMap<string, View>;

const viewRow = z.object({ name: z.string(), text: z.string() });

/**
 * Dolt finds a view by a name without case, and takes `\u017f` for `s` (2.3.0, measured). Tables and columns it compares in
 * lower case, so that such names differ.
 */
export function foldedView(name: string): string {
  return folded(name.toUpperCase());
}

/** The views at a commit. Read it only if no view has the name of `dolt_schemas` (see shadowing-views.ts). */
export const viewsAt = remembered(1, async (sql, commit: string): Promise<Views> => {
  const rows = await sql.rows(
    viewRow,
    "SELECT name, fragment AS text FROM dolt_schemas AS OF ? WHERE type = 'view' ORDER BY name",
    [commit],
  );
  return new Map(rows.map((row) => [foldedView(row.name), row]));
});

/**
 * Refuses views that refer to each other, or to themselves. To read their columns overflows the stack of Dolt 2.3.0, and the
 * engine ends (measured). Dolt makes no such view, but a merge of two halves does, and so does `CREATE OR REPLACE`.
 * @param side.theirs the views after the merge
 * @param side.proved views that this engine has read: a cycle among them is only a similar name
 * @throws Failure `peer-brings-code`, which no `accept` lifts
 */
export function refuseViewCycle(side: { readonly theirs: Views; readonly proved: readonly Views[] }): void {
  refuse(new Map([...side.theirs].map(([key, view]) => [key, [view]])), side.proved);
}

/** The same for the merge of two heads, each of which has no cycle. A view that both changed has both texts. */
export function refuseMergedCycle(sides: { readonly base: Views; readonly ours: Views; readonly theirs: Views }): void {
  const { base, ours, theirs } = sides;
  const merged = new Map<string, readonly View[]>();
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [before, here, there] = [base.get(key), ours.get(key), theirs.get(key)];
    const chosen = here?.text === before?.text ? [there] : there?.text === before?.text ? [here] : [here, there];
    const views = chosen.flatMap((view) => (view === undefined ? [] : [view]));
    if (views.length > 0) merged.set(key, views);
  }
  refuse(merged, [ours, theirs]);
}

function refuse(views: ReadonlyMap<string, readonly View[]>, proved: readonly Views[]): void {
  const cycle = onCycles(referencesAmong(views));
  const isKnown = proved.some((known) =>
    cycle.every((key) => views.get(key)?.every(({ text }) => known.get(key)?.text === text) === true),
  );
  if (cycle.length === 0 || isKnown) return;
  const names = cycle.map((key) => views.get(key)?.[0]?.name ?? key).sort();
  throw new Failure(
    'peer-brings-code',
    plain(`${listed('view', names)} would refer to each other or to themselves, and this Dolt cannot read such views`),
    {
      hint: 'Drop or rewrite one of the views on the side that has it, commit, then run again. No `accept` allows this.',
    },
  );
}

/** The views that each view may refer to. */
function referencesAmong(views: ReadonlyMap<string, readonly View[]>): ReadonlyMap<string, ReadonlySet<string>> {
  // Every text with quotes may contain such a name.
  const odd = [...views.keys()].filter((key) => QUOTE.test(key));
  return new Map(
    [...views].map(([key, texts]) => {
      const named = texts.flatMap(({ text }) => [...namesIn(text), ...(isPlain(text) ? [] : odd)]);
      return [key, new Set(named.filter((name) => views.has(name)))];
    }),
  );
}

const QUOTE = /[`'"\\]/;

/**
 * Whether tokens show all names of a view: no comment can hide a quote, no backslash an end of a string, and no function of
 * Dolt runs a query in a string.
 */
function isPlain(text: string): boolean {
  return !/\/\*|--|#|\\|dolt_/i.test(text);
}

const WORDS = /[\w$\u0080-\uffff]+/g;

/** The folded names in a view that may be names of views; more than there are, rather than fewer. */
export function namesIn(view: string): ReadonlySet<string> {
  // Before the first AS there is only the view itself.
  const text = view.slice(Math.max(view.search(/\bAS\b/i), 0));
  if (!isPlain(view)) return new Set([...(text.match(WORDS) ?? []), ...text.split(/[`'"]/)].map(foldedView));
  const tokens = tokensOf(text);
  // After AS a query has a keyword or a bracket; a name is an alias.
  const named = tokens.filter((_, index) => !isAs(tokens[index - 1]));
  return new Set(named.flatMap(namesOf).map(foldedView));
}

function isAs(token: Token | undefined): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === 'AS';
}

function namesOf({ kind, text }: Token): readonly string[] {
  switch (kind) {
    case 'sign':
      return [];
    case 'name':
      return [text];
    case 'word':
      return text.match(WORDS) ?? [];
    case 'string':
      // A name, under ANSI_QUOTES.
      return text.startsWith('"') ? [text.slice(1, -1).replaceAll('""', '"')] : [];
  }
}

/** The nodes of a graph on a cycle, or between two. */
function onCycles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const before = withoutEnds(graph);
  const back = new Map(before.map((key) => [key, new Set<string>()]));
  for (const key of before) for (const next of graph.get(key) ?? []) back.get(next)?.add(key);
  return withoutEnds(back);
}

/** The nodes of a graph without those from which every path ends. */
function withoutEnds(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const users = new Map<string, string[]>([...graph.keys()].map((key) => [key, []]));
  const left = new Map<string, number>();
  for (const [key, nexts] of graph) {
    left.set(key, nexts.size);
    for (const next of nexts) users.get(next)?.push(key);
  }
  const ends = [...graph.keys()].filter((key) => left.get(key) === 0);
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    for (const user of users.get(end) ?? []) {
      const count = (left.get(user) ?? 0) - 1;
      left.set(user, count);
      if (count === 0) ends.push(user);
    }
  }
  return [...left].flatMap(([key, count]) => (count > 0 ? [key] : []));
}
