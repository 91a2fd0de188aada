import { isAbsolute } from 'node:path';
import type { ErrorResult, Stop } from '../contract/result.ts';
import { type Failure, placeOf } from '../core/failure.ts';
import { counted, shorten } from '../core/text.ts';
import { code, literal } from './markdown.ts';
import { plainLines } from './plain.ts';
import { SUMMARY_BUDGET_BYTES } from './summary.ts';

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
/** A character may take twelve bytes, so a problem with its hint and place takes 30 kB at most. */
const MAX_TEXT = 1_000;
/** The heading, and the line that counts the problems that are not shown. */
const AROUND_BYTES = 200;

/**
 * The job summary of a failed command, as markdown of at most `budget` bytes: the first problems, each with where it is, and
 * what to do next. One is always shown.
 */
export function failureSummary(
  { error, problems = [error] }: ErrorResult,
  budget: number = SUMMARY_BUDGET_BYTES,
): string {
  const shown: string[] = [];
  let room = budget - AROUND_BYTES;
  for (const paragraphs of problems.slice(0, MAX_PROBLEMS).map(problemParagraphs)) {
    room -= Buffer.byteLength(paragraphs) + 2;
    if (room < 0 && shown.length > 0) break;
    shown.push(paragraphs);
  }
  const left = problems.length - shown.length;
  return [
    '## ❌ dolt-federation could not run',
    ...shown,
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
