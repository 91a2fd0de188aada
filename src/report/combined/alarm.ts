import type { PeerResult, ReportResult, RunResult } from '../../contract/result.ts';
import { type AlarmSubject, DETAILS_BUDGET_BYTES, runAlarms } from '../alarm/alarms.ts';
import { runTitle } from './legs.ts';
import { combinedSummary } from './summary.ts';

/**
 * The report itself and each peer of its runs. If there are several runs, a peer is named with its run.
 * @param isWaiting whether the failure of a peer of a run does not count yet
 */
export function combinedAlarms(
  report: ReportResult,
  isWaiting: (peer: PeerResult, run: RunResult) => boolean,
): AlarmSubject[] {
  const all = report.runs.map((run) => {
    const subjects = runAlarms(run.result, (peer) => isWaiting(peer, run.result));
    return { title: runTitle(run), subjects };
  });
  const ofRuns = all.flatMap(({ subjects }) => subjects.filter(({ peer }) => peer === null));
  const failed = ofRuns.filter(({ verdict }) => verdict === 'failing');
  const error = report.problems.find(({ severity }) => severity === 'error');
  const isFailing = error !== undefined || failed.length > 0;
  const itself: AlarmSubject = {
    peer: null,
    verdict: report.status === 'skipped' ? 'unknown' : isFailing ? 'failing' : 'ok',
    code: error?.code ?? failed[0]?.code ?? null,
    needsDecision: false,
    isPart: ofRuns.some(({ isPart }) => isPart === true),
    details: () => combinedSummary(report, DETAILS_BUDGET_BYTES),
  };
  const peers = all.flatMap(({ title, subjects }) =>
    subjects
      .filter(({ peer }) => peer !== null)
      .map((subject) => (all.length === 1 ? subject : { ...subject, peer: `${subject.peer} (${title})` })),
  );
  return [itself, ...peers];
}
