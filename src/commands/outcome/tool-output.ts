import { ERRORS } from '../../contract/error-codes.ts';
import { REPORT_VALUES, type ReportValues } from '../../contract/vocabulary.ts';
import { errorMessage, Failure } from '../../core/failure.ts';
import type { Secrets } from '../../core/secrets.ts';
import { decidingLine, withoutRowValues } from '../../dolt/failure-text.ts';

/** How many characters of a tool's output one line of the log may hold. */
const TAIL_CHARACTERS = 4_000;
const MAX_DEPTH = 10;

/**
 * The end of the tool output that is the cause of a failure, without secrets; null if the message already says
 * everything.
 * @param level what may be shown of rows
 */
export function toolOutput(failure: Failure, secrets: Secrets, level: ReportValues): string | null {
  let deepest: unknown = failure;
  let isOfRows = hasHiddenValues(failure, level);
  for (let depth = 0; depth < MAX_DEPTH && deepest instanceof Error && deepest.cause != null; depth += 1) {
    deepest = deepest.cause;
    isOfRows ||= deepest instanceof Failure && hasHiddenValues(deepest, level);
  }
  if (deepest === failure) return null;
  const text = secrets.redact(deepest instanceof Failure ? shown(deepest, level).message : errorMessage(deepest));
  const words = (isOfRows ? withoutRowValues(text) : text).trim();
  return words === '' ? null : words.slice(-TAIL_CHARACTERS);
}

/**
 * The message of a failure for people. Words of a tool come last, after the title of the code, and only their line that
 * matters: `--verbose` logs the rest.
 * @param about the peer that it concerns, a line about its credentials, another sentence than the title, and what may be
 * shown of rows
 */
export function messageOf(
  failure: Failure,
  about: {
    readonly peer?: string;
    readonly note?: string;
    readonly sentence?: string;
    readonly reportValues?: ReportValues | undefined;
  } = {},
): string {
  const { code } = failure;
  const { toolText, message } = shown(failure, about.reportValues ?? 'full');
  const note = about.note === undefined ? [] : [about.note];
  if (toolText === null) return [message, ...note].join('\n');
  const { title } = ERRORS[code];
  const isOfPeer = about.peer !== undefined && title.startsWith('The peer');
  const titled = isOfPeer ? title.replace('The peer', () => about.peer ?? '') : lowerFirst(title);
  return [about.sentence ?? titled, ...note, `Dolt said: ${decidingLine(toolText)}`].join('\n');
}

/** `Git` and `Dolt` are names. */
function lowerFirst(title: string): string {
  return /^(?:Git|Dolt)\b/.test(title) ? title : title.charAt(0).toLowerCase() + title.slice(1);
}

/** Whether the message of a failure has values of rows that may not be shown. */
function hasHiddenValues({ values }: Failure, level: ReportValues): boolean {
  return values !== null && REPORT_VALUES.indexOf(level) < REPORT_VALUES.indexOf(values.least);
}

function shown(failure: Failure, level: ReportValues): { readonly toolText: string | null; readonly message: string } {
  const { toolText, message, withoutValues } = failure;
  if (!hasHiddenValues(failure, level)) return { toolText, message };
  return { toolText: toolText === null ? null : withoutRowValues(toolText), message: withoutValues };
}
