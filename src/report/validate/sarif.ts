import { pathToFileURL } from 'node:url';
import { ERRORS, type ErrorCode } from '../../contract/error-codes.ts';
import type { Problem, ValidateResult } from '../../contract/result.ts';
import { printedJson } from '../../core/json.ts';
import { counted, shorten } from '../../core/text.ts';
import { VERSION } from '../../core/version.ts';
import { pathFrom } from './paths.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const LEVELS = { error: 'error', warning: 'warning', notice: 'note' } as const satisfies Record<
  Problem['severity'],
  string
>;

/** GitHub shows 5,000 results of a run, and refuses a file with more than 25,000. */
const MAX_RESULTS = 5_000;
/** GitHub refuses rules and messages that are much longer. */
const MAX_TEXT = 1_000;

/** The problems of `validate` as SARIF 2.1.0. Files are relative to `root`, the folder of the repository. */
export function sarifText(result: ValidateResult, root: string): string {
  const shown = result.problems.slice(0, MAX_RESULTS);
  const codes = [...new Set(shown.map(({ code }) => code))].sort();
  const run = {
    tool: { driver: { name: 'dolt-federation', version: VERSION, rules: codes.map(rule) } },
    columnKind: 'utf16CodeUnits',
    invocations: [
      {
        executionSuccessful: true,
        ...(shown.length === result.problems.length
          ? {}
          : { toolExecutionNotifications: [omission(result.problems.length - shown.length)] }),
      },
    ],
    results: shown.map((problem) => ({
      ruleId: problem.code,
      ruleIndex: codes.indexOf(problem.code),
      level: LEVELS[problem.severity],
      message: { text: shorten(messageOf(problem), MAX_TEXT) },
      locations: locationsOf(problem, result.file, root),
    })),
  };
  return printedJson({ $schema: SCHEMA, version: '2.1.0', runs: [run] });
}

function rule(code: ErrorCode) {
  const { title, hint } = ERRORS[code];
  return { id: code, shortDescription: { text: title }, help: { text: hint } };
}

function omission(count: number) {
  return { level: 'note', message: { text: `${counted(count, 'more problem')} not shown` } };
}

/** `[text](address)` is a link in a message (SARIF 2.1.0 §3.11.6), and the author of the file wrote a part of it. */
function messageOf({ message, hint }: Problem): string {
  return (hint === '' ? message : `${message}. ${hint}`).replaceAll('](', '] (');
}

/** A problem without a position is shown at the file; GitHub ignores results without any location. */
function locationsOf({ file, line, column }: Problem, configuration: string | null, root: string) {
  const path = file ?? configuration;
  if (path === null) return [];
  const shown = pathFrom(root, path);
  const artifactLocation =
    shown === path
      ? { uri: pathToFileURL(path).href }
      : { uri: shown.split('/').map(encodeURIComponent).join('/'), uriBaseId: '%SRCROOT%' };
  const region = { startLine: line ?? 1, ...(column === null ? {} : { startColumn: column }) };
  return [{ physicalLocation: { artifactLocation, region } }];
}
