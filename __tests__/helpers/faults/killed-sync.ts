import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import { branchesLacking, branchesOf, missing } from '../branches.ts';
import { openTestDatabase } from '../database.ts';
import type { Seeded } from '../seeded.ts';
import { asDatabase, type Databases, damage, databasesAt } from './databases.ts';
import { type MarkedProcess, markedProcesses, outliving } from './marked-processes.ts';
import { outputOf, type Run, type RunEnd, resultOf, runToEnd, startRun, temporaryFiles } from './run.ts';

/** The process that is killed. */
export const VICTIMS = ['our process', 'its Dolt'] as const;
export type Victim = (typeof VICTIMS)[number];

/** A process was killed: the milliseconds after a number of lines of progress. */
export interface Kill {
  readonly local: string;
  readonly victim: Victim;
  readonly lines: number;
  readonly delayMs: number;
}

export interface Hit extends Kill {
  /** Error codes of the run whose Dolt was killed; `-` if it no longer needed Dolt, or was killed itself. */
  readonly code: string;
  /** Seconds from the kill to the end of the last process of that run. */
  readonly seconds: number;
}

/** One sync of all databases at the same time. */
export interface Round {
  /** The kills that came early enough to hit anything. */
  readonly hits: readonly Hit[];
  readonly complaints: readonly string[];
}

/** A run with five peers prints about this many lines, and none before the engine has started. */
const MOST_LINES = 34;
const BEFORE_FIRST_LINE_MS = 400;
const AFTER_LINE_MS = 25;
/** The watchdog gives a server 5 s to end in order, and as long again to be killed. */
const CLEAN_WITHIN_MS = 12_000;
/** The codes with which a run may fail when others write at the same moment. */
const RACES: readonly string[] = ['non-fast-forward', 'contention'];
/** A run that lost its Dolt, or a race, has to report it within this time. */
const END_WITHIN_MS = 60_000;

/** The kills of each database; one database is not killed. */
function kills(names: readonly string[], random: Seeded): readonly Kill[] {
  const spared = random.below(names.length);
  return names.flatMap((local, index) => {
    const victim = VICTIMS[random.below(VICTIMS.length)] ?? VICTIMS[0];
    const lines = random.below(MOST_LINES + 1);
    const delayMs = random.below(lines === 0 ? BEFORE_FIRST_LINE_MS : AFTER_LINE_MS);
    return index === spared ? [] : [{ local, victim, lines, delayMs }];
  });
}

/**
 * Lets all databases sync at the same time, kills at random moments all of them but one, or their Dolt, lets each
 * database sync once more, and checks all remaining state.
 * @param template databases that no run has seen yet; they are copied to `place`
 */
export async function killedSync(
  template: Databases,
  { random, place }: { readonly random: Seeded; readonly place: string },
): Promise<Round> {
  await rm(place, { recursive: true, force: true });
  await cp(template.path, join(place, 'w'), { recursive: true });
  const databases = databasesAt(join(place, 'w'), template.names, template.own);
  const planned = new Map(kills(databases.names, random).map((kill) => [kill.local, kill]));
  const runs = await Promise.all(
    databases.names.map(async (name) =>
      watched(await start(databases, name, place), { databases, name, kill: planned.get(name) }),
    ),
  );
  const before = await commitsBefore(databases, runs);
  const complaints = [
    ...runs.flatMap(badEnd),
    ...(await temporary(databases, place, 'after the kill')),
    ...(await recover(databases, place)),
    ...(await temporary(databases, place, 'after the next sync')),
    ...(await readEverything(databases, { place, before })),
  ];
  return { hits: runs.flatMap(({ hit }) => hit ?? []), complaints };
}

const homeOf = (place: string, name: string) => join(place, 'h', name);
const boxOf = (place: string, name: string) => join(place, 'b', name, 'local');

async function start(databases: Databases, name: string, place: string): Promise<Run> {
  const home = homeOf(place, name);
  await mkdir(home, { recursive: true });
  return startRun({ home, command: 'sync', federation: databases.federation(name), database: databases.of(name).path });
}

/** A run that has ended, and all its processes with it. */
interface Watched {
  readonly name: string;
  readonly end: RunEnd;
  readonly hit: Hit | null;
  readonly left: readonly MarkedProcess[];
}

async function watched(
  run: Run,
  { databases, name, kill }: { readonly databases: Databases; readonly name: string; readonly kill: Kill | undefined },
): Promise<Watched> {
  const timer = setTimeout(() => run.kill('SIGKILL'), END_WITHIN_MS);
  const wasHit = kill !== undefined && (await strike(run, kill, databases.of(name).path));
  const killedAt = performance.now();
  const end = await run.ended.finally(() => clearTimeout(timer));
  const left = await outliving(run.mark, CLEAN_WITHIN_MS);
  if (!wasHit) return { name, end, hit: null, left };
  const code = kill.victim === 'our process' ? '-' : codesOf(end).join(' ') || '-';
  return { name, end, hit: { ...kill, code, seconds: (performance.now() - killedAt) / 1000 }, left };
}

/** Kills at the moment; false if the process had already ended. */
async function strike(run: Run, { victim, lines, delayMs }: Kill, local: string): Promise<boolean> {
  if (!(await run.said((said) => said.length >= lines))) return false;
  await pause(delayMs);
  const processes = await markedProcesses(run.mark);
  const info = await readFile(join(local, '.dolt', 'sql-server.info'), 'utf8').catch(() => '');
  const pid = victim === 'our process' ? run.pid : Number(info.split(':')[0]);
  return processes.some((each) => each.pid === pid) && signalled(pid);
}

function signalled(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

function codesOf(end: RunEnd): readonly string[] {
  const output = outputOf(end);
  if ('error' in output) return [output.error.code];
  return [...new Set(output.peers.flatMap(({ error }) => error?.code ?? []))].sort();
}

/** The problems of a run's end: a run that was not killed may only have lost races. */
function badEnd({ name, end, hit, left }: Watched): readonly string[] {
  const still = left.map(({ command }) => `${name} left behind: ${command}`);
  // A signal that arrives while the process ends kills nothing; such a run is checked like one that was not killed.
  if (hit?.victim === 'our process' && end.signal === 'SIGKILL') return still;
  if (end.signal !== undefined) return [...still, `${name} did not end without help within ${END_WITHIN_MS} ms`];
  const allowed = hit === null ? RACES : [...RACES, 'engine-lost'];
  if (codesOf(end).every((code) => allowed.includes(code))) return still;
  return [...still, `${name} ended with ${end.exitCode}: ${end.stdout}`];
}

/** Every commit that some database had before the databases sync once more. */
async function commitsBefore(databases: Databases, runs: readonly Watched[]): Promise<readonly string[]> {
  const heads = await Promise.all(
    runs.map(async ({ name, end }) =>
      end.exitCode === 0 ? resultOf(end).head : ((await branchesOf(databases.of(name)))['main'] ?? null),
    ),
  );
  return [...new Set([...Object.values(databases.own).flat(), ...heads.flatMap((head) => head ?? [])])];
}

/** One plain sync of each database, one after the other: each has to succeed. */
async function recover(databases: Databases, place: string): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (const name of databases.names) {
    const home = homeOf(place, name);
    const spec = { home, federation: databases.federation(name), database: databases.of(name).path };
    const end = await runToEnd({ ...spec, command: 'sync' });
    if (end.exitCode !== 0)
      complaints.push(`the next sync of ${name} ended with ${end.exitCode}: ${end.stdout}${end.stderr}`);
  }
  return complaints;
}

async function temporary(databases: Databases, place: string, when: string): Promise<readonly string[]> {
  const found = await Promise.all(databases.names.map((name) => temporaryFiles(homeOf(place, name))));
  return found.flat().map((path) => `${when} there is still ${path}`);
}

/** At the end: one head at all mailboxes that holds every commit, no scratch branch, no damage. */
async function readEverything(
  databases: Databases,
  { place, before }: { readonly place: string; readonly before: readonly string[] },
): Promise<readonly string[]> {
  const limit = pLimit(2);
  const boxes = await Promise.all(
    databases.names.map((name) =>
      limit(async () => branchesOf(await asDatabase(databases.mailbox(name), boxOf(place, name)))),
    ),
  );
  const heads = [...new Set(boxes.map((branches) => JSON.stringify(branches)))];
  const head = boxes[0]?.['main'] ?? '';
  const stray =
    heads.length === 1 && Object.keys(boxes[0] ?? {}).join() === 'main' ? [] : [`mailboxes are at ${heads.join()}`];
  const each = await Promise.all(
    databases.names.map((name) => limit(async () => lookAtDatabase(databases, name, { place, head, before }))),
  );
  return [...stray, ...each.flat()];
}

async function lookAtDatabase(
  databases: Databases,
  name: string,
  known: { readonly place: string; readonly head: string; readonly before: readonly string[] },
): Promise<readonly string[]> {
  const local = databases.of(name);
  const mailbox = openTestDatabase(boxOf(known.place, name));
  const { branches, lost: lostHere } = await branchesLacking(local, databases.own[name] ?? []);
  const own = branches['main'] ?? '';
  const lost = await missing(mailbox, known.head, [...known.before, own]);
  const broken = [await damage(local), await damage(mailbox)].flatMap((said) => said ?? []);
  return [
    ...Object.keys(branches)
      .filter((branch) => branch !== 'main')
      .map((branch) => `${name} has the branch ${branch}`),
    ...lost.map((commit) => `the mailbox of ${name} lacks ${commit}`),
    ...lostHere.map((commit) => `${name} lacks its own ${commit}`),
    ...broken.map((said) => `fsck at ${name}: ${said}`),
  ];
}
