import { isAbsolute } from 'node:path';
import type { ErrorResult, Stop } from '../contract/result.ts';
import { type Failure, placeOf } from '../core/failure.ts';
import { counted, shorten } from '../core/text.ts';
import { code, literal } from './markdown.ts';
import { plainLines } from './plain.ts';

/** A failure as JSON: the first of its problems, and all of them if there are several. */
export function errorResult(failure: Failure): ErrorResult {
  const problems = failure.problems;
  return { error: stop(failure), ...(problems.length === 1 ? {} : { problems: problems.map(stop) }) };
}

/** One problem. If an input or a variable causes it rather than a file, the message contains the position. */
function stop({ code, message, hint, location }: Failure): Stop {
  const shown = { code, message, hint };
  if (location === null) return { ...shown, file: null, line: null, column: null };
  const { file, line = null, column = null } = location;
  if (isAbsolute(file)) return { ...shown, file, line, column };
  return { ...shown, message: `${message} (at ${placeOf(location)})`, file: null, line: null, column: null };
}

const MAX_PROBLEMS = 50;
/** GitHub drops a summary over 1 MiB, and a character may take six bytes. */
const MAX_TEXT = 1_000;

/** The job summary of a failed command: the first problems, each with where it is, and what to do next. */
export function failureSummary({ error, problems = [error] }: ErrorResult, most: number = MAX_PROBLEMS): string {
  const left = problems.length - most;
  return [
    '## ❌ dolt-federation could not run',
    ...problems.slice(0, most).map(problemParagraphs),
    ...(left > 0 ? [`and ${counted(left, 'more problem')}; the file at ${code('result-path')} has them all`] : []),
    '',
  ].join('\n\n');
}

function problemParagraphs({ code: name, message, hint, file, line, column }: Stop): string {
  const place = placeOf({ file, line, column });
  const paragraphs = [`${code(name)} ${paragraph(message)}`];
  if (place !== '') paragraphs.push(`at ${code(place)}`);
  if (hint !== '') paragraphs.push(paragraph(hint));
  return paragraphs.join('\n\n');
}

function paragraph(text: string): string {
  return plainLines(shorten(text, MAX_TEXT)).map(literal).join('<br>');
}
