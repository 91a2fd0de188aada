import { type PlacedToken, tokensOf } from './create-table.ts';

/** A column that Dolt computes from others. */
export interface Generation {
  /** The expression, names in backticks, as Dolt prints it. */
  readonly expression: string;
  readonly stored: boolean;
}

const NAME = /^\s*`((?:[^`]|``)+)`/;
const GENERATED = ' GENERATED ALWAYS AS (';

/**
 * The generated columns of a table by name, from its `SHOW CREATE TABLE`: Dolt 2.3.0 leaves `extra` and
 * `generation_expression` of the information schema empty (measured).
 */
export function generatedColumns(createTable: string): ReadonlyMap<string, Generation> {
  const found = new Map<string, Generation>();
  let start = 0;
  for (const line of withoutStrings(createTable).split('\n')) {
    const [, name] = NAME.exec(line) ?? [];
    const open = line.indexOf(GENERATED);
    const close = line.lastIndexOf(')');
    if (name !== undefined && open >= 0 && close > open) {
      found.set(name.replaceAll('``', '`'), {
        expression: createTable.slice(start + open + GENERATED.length, start + close),
        stored: line.startsWith(' STORED', close + 1),
      });
    }
    start += line.length + 1;
  }
  return found;
}

/** The same text with dots in place of strings, which may contain anything, including line breaks and keywords. */
function withoutStrings(sql: string): string {
  return spliced(sql, (token) => (token.kind === 'string' ? '.'.repeat(token.end - token.at) : null));
}

/** An expression with its columns renamed. */
export function renamed(expression: string, rename: (column: string) => string): string {
  return spliced(expression, ({ kind, text }) => (kind === 'name' ? rename(text) : null));
}

/** A text with some of its tokens replaced; null: it stays. */
function spliced(sql: string, replace: (token: PlacedToken) => string | null): string {
  let [result, end] = ['', 0];
  for (const token of tokensOf(sql)) {
    const text = replace(token);
    if (text === null) continue;
    result += sql.slice(end, token.at) + text;
    end = token.end;
  }
  return result + sql.slice(end);
}
