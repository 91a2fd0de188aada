import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { exitCodeOf } from '../../../src/commands/outcome/exit-code.ts';
import { branchesLacking } from '../branches.ts';
import { command } from '../commanding.ts';
import { openTestDatabase } from '../database.ts';
import type { Proxied, Toxiproxy } from '../servers/toxiproxy.ts';
import type { TempFolder } from '../temp-folder.ts';
import { damage } from './databases.ts';
import type { FarRemote, FarServer } from './far-servers.ts';
import type { Crossings, Fault, RemoteOperation } from './faults.ts';
import { outliving } from './marked-processes.ts';
import type { FaultRow } from './rows.ts';
import { outputOf, type RunEnd, type RunSpec, startRun, temporaryFiles } from './run.ts';
import type { Scene } from './scene.ts';

/** One operation that has to cross faults, each in front of a peer of its own. */
export interface Crossing {
  /** More than one: the peers of one run cross them side by side. */
  readonly faults: Crossings['faults'];
  readonly operation: RemoteOperation;
  readonly far: FarServer;
  readonly scene: Scene;
  readonly toxiproxy: Toxiproxy;
  /** A folder of its own. */
  readonly place: string;
}

/** A peer behind a fault. */
interface Lane {
  readonly peer: string;
  readonly fault: Fault;
  readonly remote: FarRemote;
  readonly proxied: Proxied;
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

/** Runs `sync` with peers behind the faults and a healthy one beside them, then once more without the faults. */
export async function cross(crossing: Crossing): Promise<readonly FaultRow[]> {
  const { operation, far, scene, place } = crossing;
  await mkdir(place, { recursive: true });
  const lanes = await lanesOf(crossing);
  const database = join(place, 'w', 'local');
  const near = join(place, 'near');
  await cp(scene.near, near, { recursive: true });
  if (operation !== 'clone') await cp(scene.local, database, { recursive: true });
  else await mkdir(join(place, 'w'));
  const federation = federationOf(lanes, near, operation);
  const bootstrap = operation === 'clone' ? ['--bootstrap', 'origin'] : [];
  const words = ['--timeout', timeoutOf(crossing.faults[0], operation), '--retries', `${RETRIES}`, ...bootstrap];
  const env = Object.assign({}, ...lanes.map(({ remote, proxied }) => remote.environment(proxied.port)));
  const spec: RunSpec = { home: join(place, 'h'), command: 'sync', federation, database, words, env };

  for (const { fault, proxied, remote } of lanes)
    if (operation !== 'push') await fault.strike(proxied, operation, remote.downPort);
    else await proxied.add({ type: 'latency', attributes: { latency: PUSH_LATENCY_MS } }, 'upstream');
  const run = await startRun(spec);
  const strikeAtPush = async ({ peer, fault, proxied, remote }: Lane) => {
    const begins = beginning('push', peer);
    if (await run.said((lines) => lines.some((line) => begins.test(line))))
      await fault.strike(proxied, operation, remote.downPort);
  };
  if (operation === 'push') await Promise.all(lanes.map(strikeAtPush));
  const end = await run.ended;
  const left = await outliving(run.mark, CLEAN_WITHIN_MS);
  const complaints = [
    ...left.map(({ command }) => `still running: ${command}`),
    ...(await leftFiles(spec, operation)),
    ...judgeRun(crossing, end),
  ];
  const state = await judgeState(crossing, { end, spec, lanes });
  for (const { proxied, remote } of lanes) {
    await proxied.clear();
    await proxied.lead(remote.port);
  }
  const recovery = await judgeRecovery(crossing, spec, lanes);
  return lanes.map((lane) => {
    const { peer, fault } = lane;
    const code = codeOf(end, peer);
    const own = [judgeEnd(crossing, lane, end), state.of(peer), recovery.of(peer)].flat();
    return {
      ...{ fault: fault.name, operation, at: far.kind, code, state: stateOf(operation, code) },
      seconds: secondsOf(operation, peer, end)?.givenUp ?? end.seconds,
      complaints: [...complaints, ...state.common, ...recovery.common, ...own],
    };
  });
}

/** The first peer is `origin`, for which a run may get credentials and from which it may clone. */
async function lanesOf({ faults, far, toxiproxy, place }: Crossing): Promise<readonly Lane[]> {
  const lanes: Lane[] = [];
  for (const [index, fault] of faults.entries()) {
    const remote = await far.remote(`r${place.split('/').at(-1)}-${index}`);
    const proxied = await toxiproxy.proxy(remote.port);
    lanes.push({ peer: index === 0 ? 'origin' : `origin-${index}`, fault, remote, proxied });
  }
  return lanes;
}

/** The value of `federation`. All peers but the first, which has that of the run, get the time of the operation. */
function federationOf(lanes: readonly Lane[], near: string, operation: RemoteOperation): unknown {
  const [origin, ...others] = lanes.map(({ peer, fault, remote, proxied }) => {
    const endpoint = remote.endpoint(proxied.port);
    return { peer, endpoint, entry: { endpoint, timeout: timeoutOf(fault, operation) } };
  });
  const peers = Object.fromEntries(others.map(({ peer, entry }) => [peer, entry]));
  return { remote: origin?.endpoint, peers: { near: `file://${near}`, ...peers } };
}

/** Seconds that an operation may take. */
const secondsFor = ({ timeoutSeconds, pushSeconds = timeoutSeconds }: Fault, operation: RemoteOperation): number =>
  operation === 'push' ? pushSeconds : timeoutSeconds;

/** In whole seconds, since a clone may take six times as long. */
function timeoutOf(fault: Fault, operation: RemoteOperation): string {
  const seconds = secondsFor(fault, operation);
  return `${operation === 'clone' ? Math.ceil(seconds / CLONE_FACTOR) : seconds}s`;
}

/** The time within which a run with a fault ends. */
const longest = (fault: Fault, operation: RemoteOperation): number =>
  secondsFor(fault, operation) * (RETRIES + 1) + SLACK_SECONDS;

/** The line of a run with which an operation at a peer begins. */
function beginning(operation: RemoteOperation, peer: string): RegExp {
  switch (operation) {
    case 'fetch':
      // A connection is tried before Dolt is asked.
      return new RegExp(`^${peer}: (?:fetching|retrying|failed)`);
    case 'push':
      return new RegExp(`^${peer}: pushing`);
    case 'clone':
      return new RegExp(`^no database yet: cloning ${peer} `);
  }
}

/** Seconds of the operation until the run gave up the peer, and until the run ended; null if it ended before. */
function secondsOf(
  operation: RemoteOperation,
  peer: string,
  { timeline, seconds }: RunEnd,
): { readonly givenUp: number; readonly ended: number } | null {
  const begins = beginning(operation, peer);
  const begun = timeline.find(({ line }) => begins.test(line));
  const failed = timeline.findLast(({ line }) => line.startsWith(`${peer}: failed`));
  return begun === undefined ? null : { givenUp: (failed?.at ?? seconds) - begun.at, ended: seconds - begun.at };
}

function stateOf(operation: RemoteOperation, code: string): string {
  if (code === '-') return 'all in step; nothing left';
  if (operation === 'clone') return 'no database made; nothing left; next run green';
  return 'near served, far unharmed; nothing left; next run green';
}

function codeOf(end: RunEnd, peer: string): string {
  const output = outputOf(end);
  if ('error' in output) return output.error.code;
  return output.peers.find(({ name }) => name === peer)?.error?.code ?? '-';
}

/** The problems of the end of a run. */
function judgeRun({ operation }: Crossing, end: RunEnd): readonly string[] {
  const output = outputOf(end);
  const isGood = !('error' in output) && output.peers.every(({ error }) => error === null);
  const exit = isGood ? 0 : operation === 'clone' ? 1 : 3;
  return end.exitCode === exit ? [] : [`the exit code is ${end.exitCode}, not ${exit}`];
}

/** The problems of what a run reports about a peer, and of its time. */
function judgeEnd({ faults, operation, far }: Crossing, { peer, fault }: Lane, end: RunEnd): readonly string[] {
  const code = codeOf(end, peer);
  const codes = fault.codes(far.kind, operation);
  const wrong = codes.includes(code) ? [] : [`the code is ${code}, not ${codes.join(' or ')}: ${end.stdout}`];
  const seconds = secondsOf(operation, peer, end);
  const most = longest(fault, operation);
  const latest = Math.max(...faults.map((each) => longest(each, operation)));
  if (seconds !== null && seconds.givenUp <= most && seconds.ended <= latest) return wrong;
  const events = end.timeline.map(({ at, line }) => `${at.toFixed(1)} ${line}`).join('; ');
  return [...wrong, `the ${operation} took ${JSON.stringify(seconds)} s, at most ${most} and ${latest}: ${events}`];
}

/** Problems of a run, and those of each of its peers. */
interface Judged {
  readonly common: readonly string[];
  readonly of: (peer: string) => readonly string[];
}

/** The conditions after the faults: the healthy peer was served, and no work is lost or incomplete. */
async function judgeState(
  { operation, scene }: Crossing,
  after: { readonly end: RunEnd; readonly spec: RunSpec; readonly lanes: readonly Lane[] },
): Promise<Judged> {
  const output = outputOf(after.end);
  const made = (await stat(after.spec.database).catch(() => null)) !== null;
  if ('error' in output) {
    const common = operation === 'clone' && !made ? [] : [`${output.error.code}, and a database: ${made}`];
    return { common, of: () => [] };
  }
  const near = output.peers.find(({ name }) => name === 'near');
  const local = openTestDatabase(after.spec.database);
  const expected = operation === 'clone' ? [scene.nearHead] : [scene.nearHead, scene.databaseHead];
  const { branches, lost } = await branchesLacking(local, expected);
  const head = branches['main'] ?? '';
  const heads = new Map<string, string>();
  for (const { peer, remote } of after.lanes) heads.set(peer, await remote.head());
  return {
    common: [
      ...(near?.verified === true && near.error === null ? [] : [`near was not served: ${JSON.stringify(near)}`]),
      ...(Object.keys(branches).join() === 'main'
        ? []
        : [`the database has the branches ${Object.keys(branches).join()}`]),
      ...lost.map((commit) => `the database lacks ${commit}`),
    ],
    of: (peer) => {
      const remoteHead = heads.get(peer);
      const moved = remoteHead === scene.farHead || remoteHead === head;
      return moved ? [] : [`the far head is ${remoteHead}, neither where it was nor where the database is`];
    },
  };
}

/** The next run, without the faults, succeeds, and all databases are equal. A process of its own would find the same. */
async function judgeRecovery({ scene, place }: Crossing, spec: RunSpec, lanes: readonly Lane[]): Promise<Judged> {
  const endpoints = lanes.map(({ peer, remote, proxied }) => [peer, remote.endpoint(proxied.port)]);
  const { origin: remote, ...others } = Object.fromEntries(endpoints);
  const peers = { ...others, near: `file://${join(place, 'near')}` };
  const isThere = (await stat(spec.database).catch(() => null)) !== null;
  const folder: TempFolder = {
    path: place,
    file: (...parts) => join(place, ...parts),
    // The test removes it with its own folder.
    [Symbol.asyncDispose]: async () => undefined,
  };
  const { DOLT_FEDERATION_CREDENTIALS: text = '', ...env } = spec.env ?? {};
  const { result } = await command(folder, stringify(peers), {
    ...{ database: spec.database, timeout: 60_000, env, overrides: { remote } },
    ...(text === '' ? {} : { credentials: { text } }),
    ...(isThere ? {} : { bootstrap: 'origin' }),
  });
  if (exitCodeOf(result, 'any') !== 0)
    return { common: [`the next run failed: ${JSON.stringify(result)}`], of: () => [] };
  const local = openTestDatabase(spec.database);
  const { branches, lost } = await branchesLacking(local, [scene.nearHead, scene.farHead]);
  const head = branches['main'] ?? '';
  const broken = await damage(local);
  const ends = new Map<string, Awaited<ReturnType<FarRemote['end']>>>();
  for (const { peer, remote } of lanes) ends.set(peer, await remote.end());
  return {
    common: [
      ...lost.map((commit) => `after the next run the database lacks ${commit}`),
      ...(broken === null ? [] : [`fsck: ${broken}`]),
    ],
    of: (peer) => {
      const { head: remoteHead, complaint } = ends.get(peer) ?? { head: null, complaint: null };
      return [
        ...(complaint === null ? [] : [`fsck: ${complaint}`]),
        ...(remoteHead === head ? [] : [`after the next run the far head is ${remoteHead}, the local one ${head}`]),
      ];
    },
  };
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
