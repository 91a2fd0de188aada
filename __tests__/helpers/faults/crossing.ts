import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { branchesLacking } from '../branches.ts';
import { openTestDatabase } from '../database.ts';
import type { Toxiproxy } from '../servers/toxiproxy.ts';
import { damage } from './databases.ts';
import type { FarRemote, FarServer } from './far-servers.ts';
import type { Fault, RemoteOperation } from './faults.ts';
import { outliving } from './marked-processes.ts';
import type { FaultRow } from './rows.ts';
import { outputOf, type RunEnd, type RunSpec, runToEnd, startRun, temporaryFiles } from './run.ts';
import type { Scene } from './scene.ts';

/** One operation that has to cross a fault. */
export interface Crossing {
  readonly fault: Fault;
  readonly operation: RemoteOperation;
  readonly far: FarServer;
  readonly scene: Scene;
  readonly toxiproxy: Toxiproxy;
  /** A folder of its own. */
  readonly place: string;
}

/** Two attempts, so that a transient fault can end. */
const RETRIES = 1;
/** The time for an engine that has to be killed and for the rest of a run, on a busy machine. */
const SLACK_SECONDS = 60;
/** Makes a push slow enough to be hit in the middle. */
const PUSH_LATENCY_MS = 60;
/** A clone may take six times as long as a fetch. */
const CLONE_FACTOR = 6;
/**
 * A failed operation leaves no process behind for longer than this: the watchdog, which cleans up, needs twice as long.
 */
const CLEAN_WITHIN_MS = 5_000;

/** Runs `sync` with a peer behind the fault and a healthy one beside it, then once more without the fault. */
export async function cross(crossing: Crossing): Promise<FaultRow> {
  const { fault, operation, far, scene, place } = crossing;
  await mkdir(place, { recursive: true });
  const remote = await far.remote(`r${place.split('/').at(-1)}`);
  const proxied = await crossing.toxiproxy.proxy(remote.port);
  const database = join(place, 'w', 'local');
  const near = join(place, 'near');
  await cp(scene.near, near, { recursive: true });
  if (operation !== 'clone') await cp(scene.local, database, { recursive: true });
  else await mkdir(join(place, 'w'));
  const federation = { remote: remote.endpoint(proxied.port), peers: { near: `file://${near}` } };
  const bootstrap = operation === 'clone' ? ['--bootstrap', 'origin'] : [];
  const words = ['--timeout', `${timeoutOf(crossing)}s`, '--retries', `${RETRIES}`, ...bootstrap];
  const spec: RunSpec = {
    home: join(place, 'h'),
    command: 'sync',
    federation,
    database,
    words,
    env: remote.environment(proxied.port),
  };

  if (operation !== 'push') await fault.strike(proxied, operation, remote.downPort);
  else await proxied.add({ type: 'latency', attributes: { latency: PUSH_LATENCY_MS } }, 'upstream');
  const run = await startRun(spec);
  if (operation === 'push' && (await run.said((lines) => lines.some((line) => BEGINNING.push.test(line)))))
    await fault.strike(proxied, operation, remote.downPort);
  const end = await run.ended;
  const left = await outliving(run.mark, CLEAN_WITHIN_MS);
  const complaints = [
    ...left.map(({ command }) => `still running: ${command}`),
    ...(await leftFiles(spec, operation)),
    ...judgeEnd(crossing, end),
    ...(await judgeState(crossing, { end, spec, remote })),
  ];
  await proxied.clear();
  await proxied.lead(remote.port);
  complaints.push(...(await judgeRecovery(crossing, spec, remote)));
  const code = codeOf(end);
  const seconds = secondsOf(operation, end) ?? end.seconds;
  return { fault: fault.name, operation, at: far.kind, code, seconds, state: stateOf(operation, code), complaints };
}

/** In whole seconds, since a clone may take six times as long. */
function timeoutOf({ fault, operation }: Crossing): number {
  return operation === 'clone' ? Math.ceil(fault.timeoutSeconds / CLONE_FACTOR) : fault.timeoutSeconds;
}

const BEGINNING: Readonly<Record<RemoteOperation, RegExp>> = {
  // A connection is tried before Dolt is asked.
  fetch: /^origin: (?:fetching|retrying|failed)/,
  push: /^origin: pushing/,
  clone: /^no database yet: cloning origin /,
};

/** Seconds from the beginning of the operation to the end of the run; null if the run ended before the operation. */
function secondsOf(operation: RemoteOperation, { timeline, seconds }: RunEnd): number | null {
  const begun = timeline.find(({ line }) => BEGINNING[operation].test(line));
  return begun === undefined ? null : seconds - begun.at;
}

function stateOf(operation: RemoteOperation, code: string): string {
  if (code === '-') return 'all in step; nothing left';
  if (operation === 'clone') return 'no database made; nothing left; next run green';
  return 'near served, far unharmed; nothing left; next run green';
}

function codeOf(end: RunEnd): string {
  const output = outputOf(end);
  if ('error' in output) return output.error.code;
  return output.peers.find(({ name }) => name === 'origin')?.error?.code ?? '-';
}

function judgeEnd({ fault, operation, far }: Crossing, end: RunEnd): readonly string[] {
  const code = codeOf(end);
  const codes = fault.codes(far.kind, operation);
  const most = fault.timeoutSeconds * (RETRIES + 1) + SLACK_SECONDS;
  const wrong = codes.includes(code) ? [] : [`the code is ${code}, not ${codes.join(' or ')}: ${end.stdout}`];
  const seconds = secondsOf(operation, end);
  const events = end.timeline.map(({ at, line }) => `${at.toFixed(1)} ${line}`).join('; ');
  const late =
    seconds === null || seconds > most ? [`the ${operation} took ${seconds} s, at most ${most}: ${events}`] : [];
  const exit = code === '-' ? 0 : operation === 'clone' ? 1 : 3;
  return [...wrong, ...late, ...(end.exitCode === exit ? [] : [`the exit code is ${end.exitCode}, not ${exit}`])];
}

/** The conditions after the fault: the healthy peer was served, and no work is lost or incomplete. */
async function judgeState(
  { operation, scene }: Crossing,
  after: { readonly end: RunEnd; readonly spec: RunSpec; readonly remote: FarRemote },
): Promise<readonly string[]> {
  const output = outputOf(after.end);
  const made = (await stat(after.spec.database).catch(() => null)) !== null;
  if ('error' in output) return operation === 'clone' && !made ? [] : [`${output.error.code}, and a database: ${made}`];
  const near = output.peers.find(({ name }) => name === 'near');
  const local = openTestDatabase(after.spec.database);
  const expected = operation === 'clone' ? [scene.nearHead] : [scene.nearHead, scene.databaseHead];
  const { branches, lost } = await branchesLacking(local, expected);
  const head = branches['main'] ?? '';
  const remoteHead = await after.remote.head();
  const moved = remoteHead === scene.farHead || remoteHead === head;
  return [
    ...(near?.verified === true && near.error === null ? [] : [`near was not served: ${JSON.stringify(near)}`]),
    ...(Object.keys(branches).join() === 'main'
      ? []
      : [`the database has the branches ${Object.keys(branches).join()}`]),
    ...lost.map((commit) => `the database lacks ${commit}`),
    ...(moved ? [] : [`the far head is ${remoteHead}, neither where it was nor where the database is`]),
  ];
}

/** The next run, without the fault, succeeds, and all databases are equal. */
async function judgeRecovery({ scene }: Crossing, spec: RunSpec, remote: FarRemote): Promise<readonly string[]> {
  const isThere = (await stat(spec.database).catch(() => null)) !== null;
  const bootstrap = isThere ? [] : ['--bootstrap', 'origin'];
  const end = await runToEnd({ ...spec, words: ['--timeout', '60s', ...bootstrap] });
  if (end.exitCode !== 0) return [`the next run ended with ${end.exitCode}: ${end.stdout}`];
  const local = openTestDatabase(spec.database);
  const { branches, lost } = await branchesLacking(local, [scene.nearHead, scene.farHead]);
  const head = branches['main'] ?? '';
  const { head: remoteHead, complaint } = await remote.end();
  const broken = [await damage(local), complaint].flatMap((said) => said ?? []);
  return [
    ...lost.map((commit) => `after the next run the database lacks ${commit}`),
    ...broken.map((said) => `fsck: ${said}`),
    ...(remoteHead === head ? [] : [`after the next run the far head is ${remoteHead}, the local one ${head}`]),
  ];
}

/** Files that only a running process has a use for. */
async function leftFiles(spec: RunSpec, operation: RemoteOperation): Promise<readonly string[]> {
  const list = (...path: string[]) => readdir(join(...path)).catch(() => [] as string[]);
  const around = (await list(spec.database, '..')).filter((name) => name !== 'local' && name !== '.test-dolt');
  const partial = (await list(spec.database, '.dolt', 'temptf')).map((name) => `temptf/${name}`);
  const info = (await list(spec.database, '.dolt')).filter((name) => name === 'sql-server.info');
  const found = [...(await temporaryFiles(spec.home)), ...around, ...partial, ...info];
  return found.map((path) => `after the ${operation} there is still ${path}`);
}
