import type { RunResult } from '../contract/result.ts';
import type { Location } from '../core/failure.ts';
import { type Finding, findings } from './findings.ts';

/** What GitHub shows beside a line of a file, or above the log where there is no file. */
export interface Annotation {
  readonly severity: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

interface AnnotationOptions {
  /** Whether the run fails; where it does not, errors of peers are only warnings. */
  readonly failing: boolean;
  /** Where each peer is configured, for those that stand in a file. */
  readonly locations: Readonly<Record<string, Location>>;
}

/** One annotation for each problem of a run and each peer's error, on the line of the configuration that is concerned. */
export function annotations(result: RunResult, options: AnnotationOptions): Annotation[] {
  return findings(result).map((finding) => annotate(finding, options));
}

function annotate(finding: Finding, options: AnnotationOptions): Annotation {
  const severity = finding.severity === 'error' && !options.failing ? 'warning' : finding.severity;
  const title = [finding.peer, finding.code].filter((part) => part !== null).join(': ');
  return { severity, title, message: withHint(finding), ...place(finding, options.locations) };
}

function withHint({ message, hint }: Finding): string {
  return hint === '' ? message : `${message}\n${hint}`;
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
