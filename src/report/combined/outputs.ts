import type { OutputName } from '../../contract/outputs.ts';
import type { ReportResult, RunResult } from '../../contract/result.ts';
import { jsonBytes } from '../../core/json.ts';
import { runOutputs } from '../outputs.ts';
import { fits, RESULT_LIMIT_BYTES, resultJson, shortenTexts } from '../result-json.ts';

const NAMES: readonly OutputName[] = ['synced', 'failed'];
const SUMS: readonly OutputName[] = ['conflicts', 'pulled-commits', 'pushed-commits'];

/** The outputs of several runs: names and numbers of all of them. */
export function combinedOutputs(result: ReportResult): Partial<Record<OutputName, string>> {
  const all = result.runs.map((run) => runOutputs(run.result, { doltPath: null, doltSource: null }));
  const [only] = all;
  const names = (name: OutputName) => [...new Set(all.flatMap((one) => one[name]?.split(',') ?? []))].filter(Boolean);
  const sum = (name: OutputName) => all.reduce((total, one) => total + Number(one[name] ?? 0), 0);
  return {
    status: result.status,
    changed: String(all.some(({ changed }) => changed === 'true')),
    head: all.length === 1 ? (only?.head ?? '') : '',
    result: combinedJson(result),
    ...Object.fromEntries(NAMES.map((name) => [name, names(name).join(',')])),
    ...Object.fromEntries(SUMS.map((name) => [name, String(sum(name))])),
  };
}

const MAX_PROBLEMS = 20;

/** The report as JSON of at most `limit` bytes; if the whole does not fit, each run is cut as its own result would be. */
export function combinedJson(result: ReportResult, limit: number = RESULT_LIMIT_BYTES): string {
  const whole = JSON.stringify(result);
  if (fits(whole, limit)) return whole;
  const problems = result.problems.slice(0, MAX_PROBLEMS).map(shortenTexts);
  const short = { ...result, problems, truncated: true };
  const around = jsonBytes(JSON.stringify({ ...short, runs: result.runs.map((run) => ({ ...run, result: null })) }));
  const share = Math.floor((limit - around) / Math.max(1, result.runs.length));
  const cut: RunResult[] = result.runs.map((run) => JSON.parse(resultJson(run.result, share)));
  const runs = result.runs.map((run, index) => ({ ...run, result: cut[index] }));
  const some = JSON.stringify({ ...short, runs });
  return fits(some, limit) ? some : JSON.stringify({ ...short, problems: problems.slice(0, 3), runs: [] });
}
