import { ERRORS } from '../../contract/error-codes.ts';
import type { MergeReport, Problem } from '../../contract/result.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { counted, hintFor, shellWord, textLiteral } from '../../core/text.ts';
import { awsAddress } from '../../credentials/providers/aws.ts';
import { missingBranch, noDataHint } from '../../sync/fetch.ts';
import { rightsOf } from '../../sync/peer-actions.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import type { LocalDatabase } from '../prepare/local-database.ts';

/** A diagnostic as the JSON shows it. */
export function toProblem({ severity, code, message, hint, peer, location }: Diagnostic): Problem {
  return {
    severity,
    code,
    message,
    hint: hintFor(peer ?? null, hint ?? ERRORS[code].hint),
    peer: peer ?? null,
    file: location?.file ?? null,
    line: location?.line ?? null,
    column: location?.column ?? null,
  };
}

/** Tables that were not federated because of uncommitted changes. */
export function uncommittedProblems(dirty: readonly string[]): Diagnostic[] {
  if (dirty.length === 0) return [];
  return [
    {
      severity: 'notice',
      code: 'uncommitted-changes',
      message: `uncommitted changes are not federated: ${dirty.join(', ')}`,
    },
  ];
}

/** Commits that are lost with the runner. */
export function unsavedProblems(unsaved: number | null): Diagnostic[] {
  if (unsaved === null || unsaved === 0) return [];
  return [
    { severity: 'error', code: 'unsaved', message: `${counted(unsaved, 'commit')} of this database reached no peer` },
  ];
}

/** An empty remote may be the wrong one. */
export function firstPushProblems(progress: PeerProgress): Diagnostic[] {
  if (progress.state !== 'remote-empty' || progress.pushedCommits === 0) return [];
  return [
    {
      severity: 'notice',
      code: 'remote-empty',
      message: `${progress.peer.name} was empty and received its first push`,
      hint: 'Check that this is the intended endpoint. `--no-init-empty` refuses first pushes.',
      peer: progress.peer.name,
    },
  ];
}

/** A peer that has other branches: the name of the branch may be misspelt. A push creates it. */
export function missingBranchProblems(progress: PeerProgress): Diagnostic[] {
  const { state, failure, remembered, inbox, peer } = progress;
  if (state !== 'branch-missing' || failure !== null || remembered !== null || inbox !== null) return [];
  return [
    {
      severity: 'warning',
      code: state,
      message: missingBranch(progress),
      hint: 'A push creates the branch. If another one is meant, set `federation.peers.<peer>.branch`.',
      peer: peer.name,
    },
  ];
}

/** A remote that its own team has not filled yet, or that is not what it should be. */
export function unfilledProblems({ state, remembered, peer }: PeerProgress): Diagnostic[] {
  if (remembered !== null || state !== 'remote-empty' || rightsOf(peer.role).push) return [];
  const message = `${peer.name} has no data, and its role ${peer.role} lets no run push to it`;
  return [{ severity: 'warning', code: state, message, hint: noDataHint(peer), peer: peer.name }];
}

/** A remote that had data before and is empty now: it was emptied or replaced. */
export function emptiedProblems({ state, remembered, peer, branch }: PeerProgress): Diagnostic[] {
  if (remembered === null || (state !== 'remote-empty' && state !== 'branch-missing')) return [];
  const what = state === 'remote-empty' ? `${peer.name} is empty` : `${peer.name} has no branch ${branch}`;
  const since = remembered.verifiedAt === null ? '' : ` when it was last verified, ${remembered.verifiedAt}`;
  return [
    {
      severity: 'warning',
      code: state,
      message: `${what}, but it had ${remembered.head}${since}`,
      hint: 'Check the endpoint and find out why its data is gone. Set `--no-init-empty` to refuse pushes to it meanwhile.',
      peer: peer.name,
    },
  ];
}

interface AdoptingBranch {
  /** Folder of the database. */
  readonly path: string;
  readonly branch: string;
  /** Whether that branch is checked out there. */
  readonly isCheckedOut: boolean;
}

/** Reports that our branch was replaced by a peer's head, which tag keeps the old head, and how to restore it. */
export function adoptedProblems(
  { adopted, adopt, peer }: Pick<PeerProgress, 'adopted' | 'adopt' | 'peer'>,
  { path, branch, isCheckedOut }: AdoptingBranch,
): Diagnostic[] {
  if (adopted === null) return [];
  const undo = isCheckedOut ? `dolt reset --hard ${adopted.tag}` : `dolt branch -f ${shellWord(branch)} ${adopted.tag}`;
  return [
    {
      severity: 'warning',
      code: 'history-adopted',
      message: `our branch ${branch} moved from ${adopted.head} to ${adopt}, the head of ${peer.name}; the local tag ${adopted.tag} keeps the old head`,
      hint: `To restore the old head, run in ${path}: ${undo}`,
      peer: peer.name,
    },
  ];
}

type Replaced = Pick<
  PeerProgress,
  'replaced' | 'peer' | 'remote' | 'remoteUrl' | 'user' | 'branch' | 'head' | 'keepsRemote'
>;

/** A database that has the tag of a replaced head after the run, and reaches the peer. */
type UndoPlace =
  | { readonly kind: 'folder'; readonly path: string }
  /** A run through a server left no copy. */
  | { readonly kind: 'server'; readonly name: string };

export function undoPlaceOf({ path, served }: Pick<LocalDatabase, 'path' | 'served'>): UndoPlace {
  if (served === null) return { kind: 'folder', path };
  // Dolt sends nothing for a client of a server, and the server does not know the remotes of the run.
  return served.keptCopy === null ? { kind: 'server', name: path } : { kind: 'folder', path: served.keptCopy };
}

/**
 * Reports that a peer's branch was replaced by force, where the old head is kept, and how to restore it.
 * @returns nothing if no branch was replaced
 */
export function replacedProblems(progress: Replaced, place: UndoPlace): Diagnostic[] {
  if (progress.replaced === null) return [];
  const { head, tag, atPeer } = progress.replaced;
  const { name } = progress.peer;
  const kept = atPeer ? 'here and at the peer' : 'here only, because the peer did not accept the tag';
  return [
    {
      severity: 'warning',
      code: 'forced-push',
      message: `the branch ${progress.branch} of ${name} moved from ${head} to ${progress.head}; the tag ${tag} keeps the old head, ${kept}`,
      hint: `To undo it while ${name} is still at that head, ${undoText(progress, progress.replaced, place)}`,
      peer: name,
    },
  ];
}

/** The name of a remote or a clone that is there for one push. */
const UNDO = 'dolt-federation-undo';

function undoText(
  { peer, remote, remoteUrl: url, user, keepsRemote, branch }: Replaced,
  { tag, atPeer }: Pick<NonNullable<Replaced['replaced']>, 'tag' | 'atPeer'>,
  place: UndoPlace,
): string {
  const refs = `${tag}:${branch}`;
  const [ref, by] = [optionOf('ref', peer.ref), optionOf('user', user)];
  switch (place.kind) {
    case 'folder': {
      const push = pushText(peer, ...by, remote, refs);
      const [add, remove] = [shellWords('remote', 'add', ...ref, remote, url), shellWords('remote', 'remove', remote)];
      return `run in ${place.path}: ${keepsRemote ? push : `${add} && (${push}; code=$?; ${remove}; exit $code)`}`;
    }
    case 'server': {
      // A process of Dolt writes only one ref of a git repository (2.3.0), and the server may know another one.
      if (peer.endpoint.kind === 'git') {
        if (!atPeer) {
          const [add, push] = [shellWords('remote', 'add', ...ref, UNDO, url), pushText(peer, UNDO, refs)];
          return `clone the database of ${place.name}, which has the tag, into a folder (a push by its server can arrive at another ref of the repository), and run there: ${add} && ${push}`;
        }
        const clone = shellWords('clone', ...ref, '--branch', branch, url, UNDO);
        return `run in an empty folder: ${clone} && cd ${UNDO} && ${pushText(peer, 'origin', refs)}`;
      }
      const calls = [
        callText('DOLT_REMOTE', 'add', ...ref, UNDO, url),
        callText('DOLT_PUSH', '--force', ...by, UNDO, refs),
        callText('DOLT_REMOTE', 'remove', UNDO),
      ];
      const needed = variablesFor(peer);
      const variables = needed.length === 0 ? '' : ` and run with ${needed.join(' ')}`;
      return `run with a client of the server, which must reach ${peer.name}${variables}, in ${place.name}: ${calls.join(' ')}`;
    }
  }
}

function optionOf(name: string, value: string | null): readonly string[] {
  return value === null ? [] : [`--${name}`, value];
}

function shellWords(...words: readonly string[]): string {
  return ['dolt', ...words.map(shellWord)].join(' ');
}

function pushText(peer: Replaced['peer'], ...words: readonly string[]): string {
  return [...variablesFor(peer), shellWords('push', '--force', ...words)].join(' ');
}

/**
 * The variables that a program needs beside the address of a peer, as words of a shell. Without the empty one, Dolt adds a
 * branch `__dolt_remote_info__` to a git repository (2.3.0, measured).
 */
function variablesFor(peer: Replaced['peer']): readonly string[] {
  if (peer.endpoint.kind === 'git') return ['DOLT_REMOTE_INFO_BRANCH='];
  const profile = peer.aws?.profile == null ? {} : { AWS_PROFILE: peer.aws.profile };
  return Object.entries({ ...awsAddress(peer), ...profile }).map(([name, value]) => `${name}=${shellWord(value)}`);
}

function callText(procedure: string, ...words: readonly string[]): string {
  return `CALL ${procedure}(${words.map(textLiteral).join(', ')});`;
}

/** Notices about a run's merges besides their rows; each is reported once. */
export function mergeProblems(merge: MergeReport | null): Diagnostic[] {
  if (merge?.because !== 'committer') return [];
  const message =
    'this Dolt cannot set the committer and date of a commit, so two databases that merge the same heads make different commits';
  return [{ severity: 'warning', code: 'merge-not-deterministic', message }];
}
