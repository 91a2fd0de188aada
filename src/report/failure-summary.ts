import type { ErrorResult, Stop } from '../contract/result.ts';
import { counted } from './figures.ts';
import { code, literal } from './markdown.ts';
import { plainLines } from './plain.ts';

const MAX_PROBLEMS = 50;

/** The job summary of a command that a failure stopped: each problem, where it is, and what to do next. */
export function failureSummary({ error, problems = [error] }: ErrorResult): string {
  const left = problems.length - MAX_PROBLEMS;
  return [
    '## ❌ dolt-federation could not run',
    ...problems.slice(0, MAX_PROBLEMS).map(problemParagraphs),
    ...(left > 0 ? [`and ${counted(left, 'more problem')}; the file at ${code('result-path')} has them all`] : []),
    '',
  ].join('\n\n');
}

function problemParagraphs({ code: name, message, hint, file, line, column }: Stop): string {
  const place = [file, line, column].filter((part) => part !== null).join(':');
  const paragraphs = [`${code(name)} ${paragraph(message)}`];
  if (place !== '') paragraphs.push(`at ${code(place)}`);
  if (hint !== '') paragraphs.push(paragraph(hint));
  return paragraphs.join('\n\n');
}

function paragraph(text: string): string {
  return plainLines(text).map(literal).join('<br>');
}
