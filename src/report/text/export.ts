import type { ExportResult } from '../../contract/result.ts';
import { counted, listed, plain } from '../../core/text.ts';
import { literal } from '../markdown.ts';

/** The outcome of `export` as text. */
export function exportText({ status, file, issues, difference }: ExportResult): string {
  const what = `${counted(issues ?? 0, 'issue')}: ${plain(file)}`;
  switch (status) {
    case 'written':
      return `exported ${what}\n`;
    case 'unchanged':
      return `unchanged, ${what}\n`;
    case 'same':
      return `the file has what the database has, ${what}\n`;
    case 'skipped':
      return `skipped: dolt-federation does not write ${plain(file)} on this event\n`;
    case 'differs':
      return `${[`the file differs from the database, ${what}`, ...differenceLines(difference)].join('\n')}\n`;
  }
}

/** The same as markdown, for a job summary: ids of records are texts of others. */
export function exportSummary(result: ExportResult): string {
  return `${exportText(result).trimEnd().split('\n').map(literal).join('<br>\n')}\n`;
}

function differenceLines(difference: ExportResult['difference']): string[] {
  if (difference === undefined) return [];
  const { missing, extra, changed, reordered, ids } = difference;
  const line = (text: string, count: number, names: readonly string[] | undefined): string[] => {
    if (count === 0) return [];
    const named =
      names === undefined || count > names.length ? counted(count, 'record') : listed('record', names.map(plain));
    return [`  ${text}: ${named}`];
  };
  return [
    ...line('only in the database', missing, ids?.missing),
    ...line('only in the file', extra, ids?.extra),
    ...line('different', changed, ids?.changed),
    ...(reordered ? ['  only the order of the lines differs'] : []),
    'Run `dolt-federation export` to write the file again.',
  ];
}
