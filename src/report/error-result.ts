import { isAbsolute } from 'node:path';
import type { ErrorResult, Stop } from '../contract/result.ts';
import { type Failure, placeOf } from '../core/failure.ts';
import { problemsOf } from '../core/problems-of.ts';

/** What stopped a command, as JSON: the first of its problems, and all of them where there are several. */
export function errorResult(failure: Failure): ErrorResult {
  const problems = problemsOf(failure);
  return { error: stop(failure), ...(problems.length === 1 ? {} : { problems: problems.map(stop) }) };
}

/** One problem. Where no file is to blame but an input or a variable, the message says the place. */
function stop({ code, message, hint, location }: Failure): Stop {
  const told = { code, message, hint };
  if (location === null) return { ...told, file: null, line: null, column: null };
  const { file, line = null, column = null } = location;
  if (isAbsolute(file)) return { ...told, file, line, column };
  return { ...told, message: `${message} (at ${placeOf(location)})`, file: null, line: null, column: null };
}
