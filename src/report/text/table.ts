import stringWidth from 'string-width';

/** How text for people is shown. */
export interface TextStyle {
  readonly color: boolean;
  /** Width of the terminal; null: a pipe. */
  readonly columns: number | null;
  /** Show every column of a table, whatever its width. */
  readonly wide: boolean;
}

/** For logs and pipes. */
export const PLAIN_STYLE: TextStyle = { color: false, columns: null, wide: false };

/** Rows of text in aligned columns, two spaces apart, without trailing blanks; the first row is the heading. */
export function textTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, stringWidth(cell));
  }
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - stringWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** The same, or one block for each row if the table is wider than the terminal. */
export function fittingTable(rows: readonly (readonly string[])[], { columns, wide }: TextStyle): string[] {
  const table = textTable(rows);
  if (wide || columns === null || table.every((line) => stringWidth(line) <= columns)) return table;
  const [titles = [], ...others] = rows;
  return others.flatMap(([first = '', ...cells]) => [
    first,
    ...textTable(cells.map((cell, index) => [`  ${(titles[index + 1] ?? '').toLowerCase()}`, cell])),
  ]);
}
