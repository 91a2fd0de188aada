/** A column that Dolt computes from others. */
export interface Generation {
  /** The expression, names in backticks, as Dolt prints it. */
  readonly expression: string;
  readonly stored: boolean;
}

const QUOTED = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`/gs;
const GENERATED = /^\s*`((?:[^`]|``)+)`.*? GENERATED ALWAYS AS \((.*)\)( STORED)?/s;

/**
 * The generated columns of a table by name, from its `SHOW CREATE TABLE`: Dolt 2.3.0 leaves `extra` and
 * `generation_expression` of the information schema empty (measured).
 */
export function generatedColumns(createTable: string): ReadonlyMap<string, Generation> {
  // Text in quotes may contain anything, including line breaks and keywords.
  const masked = createTable.replace(QUOTED, (text) => (text.startsWith('`') ? text : '.'.repeat(text.length)));
  const found = new Map<string, Generation>();
  let start = 0;
  for (const line of masked.split('\n')) {
    const match = GENERATED.exec(line);
    const [, name, expression] = match ?? [];
    if (match !== null && name !== undefined && expression !== undefined) {
      const from = start + line.indexOf('(', line.indexOf(' GENERATED ALWAYS AS (')) + 1;
      found.set(name.replaceAll('``', '`'), {
        expression: createTable.slice(from, from + expression.length),
        stored: match[3] !== undefined,
      });
    }
    start += line.length + 1;
  }
  return found;
}

/** An expression with its columns renamed. */
export function renamed(expression: string, rename: (column: string) => string): string {
  return expression.replace(QUOTED, (text) =>
    text.startsWith('`') ? rename(text.slice(1, -1).replaceAll('``', '`')) : text,
  );
}
