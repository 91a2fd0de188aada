import type { Problem } from '../contract/result.ts';
import { errorMessage, Failure } from '../core/failure.ts';
import { PLAIN_KIT } from '../dolt/engine-kit.ts';
import type { Engines } from '../dolt/engines.ts';
import { commitsAmong, mergeBase, rootCommit } from '../dolt/history.ts';
import type { Sql } from '../dolt/sql.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { oldestUnsynced } from '../sync/unsynced.ts';
import {
  type Finding,
  type Memory,
  readMemory,
  recall,
  remember,
  retire,
  writeMemory,
} from '../sync/verified-memory.ts';
import { problem } from './peer-result.ts';
import { placeOf, type Recalled } from './recall-heads.ts';

interface Town {
  readonly path: string;
  readonly branch: string;
  readonly head: string;
  readonly mayWrite: boolean;
  readonly recalled: Recalled;
}

/**
 * Notes in each run when its peer was last verified, and since when something is not synced. A run that may write also
 * remembers which head each peer and we now both have, while it holds the database, so that no other run writes the same
 * file. A run that was interrupted has no engine any more: it remembers nothing and knows no dates.
 * @returns a warning where the memory could not be read or written; that is no reason to fail what has been done
 */
export async function noteTimes(engines: Engines, runs: readonly PeerRun[], town: Town): Promise<Problem[]> {
  const troubles: string[] = [];
  try {
    await engines.use(PLAIN_KIT, async ({ database }) => {
      troubles.push(...(await noteMemory(database, runs, town)));
      await noteUnsynced(database, runs, town.head);
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    const { memory } = await readMemory(town.path);
    if (troubles.length === 0 && town.recalled.trouble !== null) troubles.push(town.recalled.trouble);
    noteVerified(memory, runs, { ...town, root: town.recalled.root });
  }
  return troubles.map((message) => problem('warning', 'memory-unusable', { message }));
}

async function noteMemory(sql: Sql, runs: readonly PeerRun[], town: Town): Promise<readonly string[]> {
  const { path, branch, head, mayWrite, recalled } = town;
  const { memory } = await readMemory(path);
  const warnings = recalled.trouble === null ? [] : [recalled.trouble];
  if (recalled.root === null) return warnings;
  const root = runs.some(({ adopted }) => adopted !== null) ? (await rootCommit(sql, head)).hash : recalled.root;
  const findings = mayWrite ? await findingsOf(sql, runs, { ...town, root }) : [];
  const gone = mayWrite ? await givenUp(sql, runs, head) : [];
  const known = retire(remember(memory, findings), branch, gone);
  noteVerified(known, runs, { branch, root });
  const isNews = ({ place, name, head: last, verifiedAt }: Finding): boolean =>
    verifiedAt !== null || recall(memory, place, name)?.head !== last;
  if (gone.length === 0 && !findings.some(isNews)) return warnings;
  try {
    const aside = await writeMemory(path, known);
    return aside === null ? warnings : [...warnings, `it was put aside as ${aside}, and a new memory was begun`];
  } catch (thrown) {
    return [...warnings, errorMessage(thrown)];
  }
}

function noteVerified(
  memory: Memory,
  runs: readonly PeerRun[],
  { branch, root }: { readonly branch: string; readonly root: string | null },
): void {
  if (root === null) return;
  for (const run of runs) {
    run.lastVerifiedAt = recall(memory, placeOf(run, branch, root), run.peer.name)?.verifiedAt ?? null;
  }
}

/**
 * What both sides have now: their merge base, which is the peer's head where we contain it and ours where the peer does.
 * A history that was rewritten and is not settled leaves the memory as it is, for the next run to see.
 */
async function findingsOf(
  sql: Sql,
  runs: readonly PeerRun[],
  town: { readonly branch: string; readonly head: string; readonly root: string },
): Promise<Finding[]> {
  const now = new Date().toISOString();
  const found = await Promise.all(
    runs.map(async (run): Promise<readonly Finding[]> => {
      const { head, failure, part, rewritten, peer } = run;
      if (part === null || head === null || (rewritten !== null && failure !== null)) return [];
      const common = await mergeBase(sql, town.head, head);
      if (common === null) return [];
      const verifiedAt = run.verified && failure === null ? now : null;
      return [{ place: placeOf(run, town.branch, town.root), name: peer.name, head: common, verifiedAt }];
    }),
  );
  return found.flat();
}

/** Heads that one side gave up in this run for the other's history. */
async function givenUp(sql: Sql, runs: readonly PeerRun[], head: string): Promise<string[]> {
  const former = runs
    .filter(({ adopted, replaced }) => adopted !== null || replaced !== null)
    .flatMap(({ adopted, replaced, remembered }) => [adopted?.head, replaced?.head, remembered?.head])
    .filter((commit) => commit !== undefined);
  const kept = await commitsAmong(sql, { from: null, to: head }, former);
  return [...new Set(former)].filter((commit) => !kept.includes(commit));
}

async function noteUnsynced(sql: Sql, runs: readonly PeerRun[], head: string): Promise<void> {
  await Promise.all(
    runs.map(async (run) => {
      run.oldestUnsyncedAt = await oldestUnsynced(sql, run, head);
    }),
  );
}
