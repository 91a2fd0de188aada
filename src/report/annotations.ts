import type { ErrorResult, RunResult, Stop } from '../contract/result.ts';
import type { Location } from '../core/failure.ts';
import { counted, plain } from '../core/text.ts';
import { type Finding, findings } from './findings.ts';
import { messageLines } from './plain.ts';

/** A message that GitHub shows at a line of a file, or above the log if there is no file. */
export interface Annotation {
  readonly severity: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

interface AnnotationOptions {
  /** Whether the run fails; if not, errors of peers are only warnings. */
  readonly failing: boolean;
  /** The position of each peer in a configuration file, if any. */
  readonly locations: Readonly<Record<string, Location>>;
}

/** GitHub shows so many errors, warnings and notices of one step; more only make the log longer. */
const MAX_SHOWN = { error: 10, warning: 10, notice: 10 } as const satisfies Record<Annotation['severity'], number>;

/**
 * One annotation for each problem of a run and each peer's error, at the line of the configuration; as many as GitHub
 * shows, with a count of the rest.
 */
export function annotations(result: RunResult, options: AnnotationOptions): Annotation[] {
  return capped(
    findings(result).map((finding) => annotate(finding, options)),
    IN_RESULT,
  );
}

/** One annotation for each problem of a failed command, at its line. */
export function errorAnnotations({ error, problems = [error] }: ErrorResult): Annotation[] {
  return problemAnnotations(problems.map((problem) => ({ ...problem, severity: 'error' })));
}

/** The part of a problem that an annotation shows. */
type ShownProblem = Stop & Pick<Annotation, 'severity'>;

/**
 * One annotation for each problem of a configuration.
 * @param where what has those that GitHub does not show
 */
export function problemAnnotations(problems: readonly ShownProblem[], where: string = IN_RESULT): Annotation[] {
  return capped(
    problems.map(({ severity, code, message, hint, file, line, column }) => {
      return { severity, title: code, message: withHint({ message, hint }), file, line, column };
    }),
    where,
  );
}

const IN_RESULT = 'the file at `result-path` has them';

/**
 * Annotations whose files have names that a terminal can print.
 * @param where what has the others, for the notice that counts them
 */
function capped(raw: readonly Annotation[], where: string): Annotation[] {
  const all = raw.map((one) => ({ ...one, file: one.file === null ? null : plain(one.file) }));
  const numbers = { error: 0, warning: 0, notice: 0 };
  const isShown = ({ severity }: Annotation): boolean => {
    numbers[severity] += 1;
    return numbers[severity] <= MAX_SHOWN[severity];
  };
  const shown = all.filter(isShown);
  if (shown.length === all.length) return shown;
  // The notice that counts the others is one itself.
  const notices = shown.filter(({ severity }) => severity === 'notice');
  const kept = notices.length < MAX_SHOWN.notice ? shown : shown.filter((one) => one !== notices.at(-1));
  return [...kept, rest(all.length - kept.length, where)];
}

function rest(left: number, where: string): Annotation {
  const message = `and ${counted(left, 'more problem')}; ${where}`;
  return { severity: 'notice', title: 'dolt-federation', message, file: null, line: null, column: null };
}

function annotate(finding: Finding, options: AnnotationOptions): Annotation {
  const severity = finding.severity === 'error' && !options.failing ? 'warning' : finding.severity;
  const title = [finding.peer, finding.code].filter((part) => part !== null).join(': ');
  return { severity, title, message: withHint(finding), ...place(finding, options.locations) };
}

function withHint({ message, hint }: Pick<Finding, 'message' | 'hint'>): string {
  const lines = messageLines(message).join('\n');
  return hint === '' ? lines : `${lines}\n${hint}`;
}

function place(
  finding: Finding,
  locations: AnnotationOptions['locations'],
): Pick<Annotation, 'file' | 'line' | 'column'> {
  if (finding.file !== null || finding.peer === null || !Object.hasOwn(locations, finding.peer)) {
    return { file: finding.file, line: finding.line, column: finding.column };
  }
  const location = locations[finding.peer];
  return { file: location?.file ?? null, line: location?.line ?? null, column: location?.column ?? null };
}
