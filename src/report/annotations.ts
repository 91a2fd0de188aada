import type { ErrorResult, RunResult } from '../contract/result.ts';
import type { Location } from '../core/failure.ts';
import { counted } from '../core/text.ts';
import { type Finding, findings } from './findings.ts';
import { messageLines } from './plain.ts';

/** What GitHub shows at a line of a file, or above the log if there is no file. */
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
  /** Where each peer is configured, if in a file. */
  readonly locations: Readonly<Record<string, Location>>;
}

/** GitHub shows 10 errors and 10 warnings of a step; more only make the log longer. */
const MAX_ANNOTATIONS = 50;

/**
 * One annotation for each problem of a run and each peer's error, at the line of the configuration; limited in number,
 * with a count of the rest.
 */
export function annotations(result: RunResult, options: AnnotationOptions): Annotation[] {
  return capped(findings(result).map((finding) => annotate(finding, options)));
}

/** One annotation for each problem of a failed command, at its line. */
export function errorAnnotations({ error, problems = [error] }: ErrorResult): Annotation[] {
  return capped(
    problems.map(({ code, message, hint, file, line, column }) => {
      return { severity: 'error', title: code, message: withHint({ message, hint }), file, line, column };
    }),
  );
}

function capped(all: readonly Annotation[]): Annotation[] {
  const left = all.length - MAX_ANNOTATIONS;
  return left <= 0 ? [...all] : [...all.slice(0, MAX_ANNOTATIONS), rest(left)];
}

function rest(left: number): Annotation {
  const message = `and ${counted(left, 'more problem')}; the file at \`result-path\` has them`;
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
