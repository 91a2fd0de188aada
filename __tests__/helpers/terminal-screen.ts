/** The screen of a terminal after it received a text: its lines, and their coloured parts. */
export interface Screen {
  readonly lines: readonly string[];
  /** Each coloured part in its order, such as `red: gone`. */
  readonly colors: readonly string[];
}

interface Cell {
  readonly character: string;
  readonly style: string;
}

const STYLES: Readonly<Record<string, string>> = {
  '1': 'bold',
  '2': 'dim',
  '31': 'red',
  '32': 'green',
  '33': 'yellow',
  '36': 'cyan',
};
/** Text, a control sequence, or a control character. */
const ESCAPE = '\u001b';
const PARTS = new RegExp(`${ESCAPE}\\[([?\\d;]*)([A-Za-z])|[\\r\\n]|[^${ESCAPE}\\r\\n]+`, 'g');

/**
 * Interprets what log-update and the report write: text, colours, the cursor up and to a column, and erasing. Lines are
 * not wrapped, because log-update wraps its own.
 */
export function screenOf(received: string): Screen {
  const rows: Cell[][] = [[]];
  let [row, column, style] = [0, 0, ''];
  const line = (): Cell[] => {
    while (rows.length <= row) rows.push([]);
    return rows[row] ?? [];
  };
  for (const [part, parameters = '', command] of received.matchAll(PARTS)) {
    const count = Math.max(1, Number(parameters.split(';')[0] ?? '') || 1);
    if (part === '\r') column = 0;
    else if (part === '\n') row += 1;
    else if (command === undefined) {
      for (const character of part) {
        const cells = line();
        while (cells.length < column) cells.push({ character: ' ', style: '' });
        cells[column] = { character, style };
        column += 1;
      }
    } else if (command === 'A') row = Math.max(0, row - count);
    else if (command === 'B') row += count;
    else if (command === 'G') column = count - 1;
    else if (command === 'K' && parameters === '2') line().length = 0;
    else if (command === 'K') line().length = Math.min(line().length, column);
    else if (command === 'J') {
      line().length = Math.min(line().length, column);
      rows.length = row + 1;
    } else if (command === 'm') style = STYLES[parameters] ?? '';
    else if (!parameters.startsWith('?'))
      throw new Error(`a sequence that this screen does not know: ${JSON.stringify(part)}`);
  }
  const lines = rows.map((cells) =>
    cells
      .map(({ character }) => character)
      .join('')
      .trimEnd(),
  );
  while (lines.at(-1) === '') lines.pop();
  return { lines, colors: rows.flatMap(coloredParts) };
}

function coloredParts(cells: readonly Cell[]): string[] {
  const parts: { style: string; text: string }[] = [];
  for (const { character, style } of cells) {
    const last = parts.at(-1);
    // The blanks between two cells of a table have no colour.
    if (last !== undefined && (last.style === style || character === ' ')) last.text += character;
    else parts.push({ style, text: character });
  }
  return parts.flatMap(({ style, text }) =>
    style === '' || text.trim() === '' ? [] : [`${style}: ${text.trim().replace(/ {2,}/g, ' ')}`],
  );
}
