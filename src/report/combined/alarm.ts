import type { PeerResult, ReportResult, RunResult } from '../../contract/result.ts';
import { type AlarmSubject, DETAILS_BUDGET_BYTES, runAlarms } from '../alarm/alarms.ts';
import { runTitle } from './legs.ts';
import { combinedSummary } from './summary.ts';

/**
 * The report itself and each peer of its runs. An issue is named with the run of its peer. If there are several runs, so is
 * the peer.
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
    filtered: ofRuns.some(({ filtered }) => filtered),
    details: () => combinedSummary(report, DETAILS_BUDGET_BYTES),
  };
  const peers = all.flatMap(({ title, subjects }) =>
    subjects
      .filter(({ peer }) => peer !== null)
      .map((subject) => {
        const name = `${subject.peer} (${title})`;
        return { ...subject, peer: all.length === 1 ? subject.peer : name, issue: { name, run: title } };
      }),
  );
  return [itself, ...peers];
}
