import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setOutput, warning } from '@actions/core';
import type { Outcome } from '../../commands/outcome/outcome.ts';
import { OUTPUTS, type OutputName } from '../../contract/outputs.ts';
import type { PeerResult, RunResult } from '../../contract/result.ts';
import type { Env } from '../../core/env.ts';
import { errorMessage, Failure } from '../../core/failure.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { errorResult } from '../../report/error-result.ts';
import { errorResultJson, resultJson } from './result-json.ts';
import { requireRunnerFile } from './runner-file.ts';

/**
 * Writes the whole result to a file in the runner's temporary folder, where later steps of the job find it.
 * @param result what may be shown of it, since a later step may publish the file
 * @returns the file's absolute path; the empty text, and a warning, where it cannot be written whole: what has been done
 *   stands, and the other outputs still tell of it
 */
export async function writeResultFile(tempDir: string, result: unknown): Promise<string> {
  try {
    const path = join(await mkdtemp(join(tempDir, 'dolt-federation-result-')), 'result.json');
    await writeFileAtomic(path, `${JSON.stringify(result, null, 2)}\n`);
    return path;
  } catch (thrown) {
    warning(`the file with the whole result could not be written: ${errorMessage(thrown)}`);
    return '';
  }
}

/**
 * The only writer of outputs: sets all of them, those without a value to the empty text.
 * @returns why the runner's file for them cannot be written; null where it was. What the step did is still to be told.
 */
export function setOutputs(values: OutputValues, env: Env): Failure | null {
  try {
    requireRunnerFile(env, 'GITHUB_OUTPUT');
    for (const name of Object.keys(OUTPUTS) as OutputName[]) setOutput(name, values[name]);
    return null;
  } catch (thrown) {
    return new Failure('bad-usage', `the outputs of the step could not be written: ${errorMessage(thrown)}`, {
      hint: 'What was done stands. GITHUB_OUTPUT must name the file that the runner made for this step.',
      cause: thrown,
    });
  }
}

/** Every output but the path of the result file, which is known only when it has been written. */
export type OutputValues = Readonly<Record<OutputName, string>>;

const EMPTY = Object.fromEntries(Object.keys(OUTPUTS).map((name) => [name, ''])) as OutputValues;
const NOTHING = { changed: 'false', conflicts: '0', 'pulled-commits': '0', 'pushed-commits': '0' } as const;

/** The outputs of a command that came to an end; its result must have been reduced to what may be shown before. */
export function outputValues(outcome: Outcome): OutputValues {
  switch (outcome.command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return { ...runValues(outcome.result), 'dolt-path': outcome.doltPath ?? '' };
    case 'install': {
      const { version, path } = outcome.result;
      return { ...plainValues(outcome.result), 'dolt-version': version, 'dolt-path': path };
    }
    case 'doctor': {
      const { status } = outcome.result;
      return { ...plainValues(outcome.result), status: status === 'ok' ? 'success' : 'failed' };
    }
    case 'add-peer':
    case 'remove-peer':
    case 'list-peers':
    case 'resolve':
    case 'config':
      return plainValues(outcome.result);
    case 'demo':
      return plainValues(outcome.towns);
  }
}

/** The outputs of a command that a failure stopped. */
export function failureValues(failure: Failure): OutputValues {
  return { ...EMPTY, ...NOTHING, status: 'failed', result: errorResultJson(errorResult(failure)) };
}

function plainValues(result: unknown): OutputValues {
  return { ...EMPTY, ...NOTHING, status: 'success', result: JSON.stringify(result) };
}

function runValues(result: RunResult): OutputValues {
  const { peers, command } = result;
  return {
    ...EMPTY,
    status: result.status,
    changed: String(result.status === 'success' || peers.some(moved)),
    head: result.head ?? '',
    result: resultJson(result),
    synced: names(peers.filter((peer) => isInStep(peer, command))),
    failed: names(peers.filter((peer) => peer.status === 'failed')),
    conflicts: String(sum(peers.map((peer) => peer.conflicts.filter(({ left }) => left).length))),
    'conflicts-path': result.conflictsPath ?? '',
    'pulled-commits': String(sum(peers.map((peer) => peer.pulledCommits))),
    'pushed-commits': String(sum(peers.map((peer) => peer.pushedCommits))),
    'database-path': result.database ?? '',
    'dolt-version': result.doltVersion ?? '',
  };
}

/** Whether a commit came in or went out, or a branch was set back. */
function moved(peer: PeerResult): boolean {
  return peer.pulledCommits + peer.pushedCommits > 0 || peer.replaced !== undefined || peer.adopted !== undefined;
}

/** Whether a peer has what it should have: after a run that may write it does unless it failed, else only as planned. */
function isInStep(peer: PeerResult, command: RunResult['command']): boolean {
  switch (peer.status) {
    case 'failed':
    case 'conflict':
    case 'skipped':
      return false;
    case 'pulled':
    case 'pushed':
    case 'synced':
      return true;
    case 'unchanged':
      if (peer.plan !== undefined) return peer.plan.pull === 'nothing' && peer.plan.push === 'nothing';
      return command === 'status' ? peer.state === 'up-to-date' : true;
  }
}

function names(peers: readonly PeerResult[]): string {
  return peers.map((peer) => peer.name).join(',');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
