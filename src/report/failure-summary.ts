import type { Failure } from '../core/failure.ts';
import { code, literal } from './markdown.ts';
import { plainLines } from './plain.ts';

/** The job summary of a command that a failure stopped: what happened, where, and what to do next. */
export function failureSummary({ code: name, message, hint, location }: Failure): string {
  const place = [location?.file, location?.line, location?.column].filter((part) => part != null).join(':');
  return [
    '## ❌ dolt-federation could not run',
    '',
    `${code(name)} ${paragraph(message)}`,
    ...(place === '' ? [] : ['', `at ${code(place)}`]),
    ...(hint === '' ? [] : ['', paragraph(hint)]),
    '',
  ].join('\n');
}

function paragraph(text: string): string {
  return plainLines(text).map(literal).join('<br>');
}
