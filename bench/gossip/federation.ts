import { type Random, shuffled } from '../random.ts';
import type { Neighbours } from '../topology.ts';
import { converge } from './fold.ts';
import type { Commit, History } from './history.ts';

/** How the databases of a federation meet. */
export interface Rules {
  /** Whether a database may push to the mailboxes of its peers, or only to its own. */
  readonly peers: 'writable' | 'read-only';
  /** Whether heads with equal contents are left alone where one of them can only be read. */
  readonly equivalence: boolean;
  /** Whether the runs of a round begin at the same moment or come one after the other. */
  readonly schedule: 'together' | 'in-turn';
}

/** Every database has a branch, and a mailbox where its peers find what it has. */
export interface Databases {
  readonly history: History;
  readonly graph: Neighbours;
  readonly branches: Commit[];
  readonly mailboxes: Commit[];
}

/** As many times a run pushes again after it lost a race; the product's default. */
const RETRIES = 3;

interface Run {
  readonly local: number;
  readonly seen: Map<number, Commit>;
  readonly accepted: Commit[];
  target: Commit;
  /** Whether a remote holds the target. */
  taken: boolean;
  lost: number[];
}

/** Lets every database run once to its end, in an order that chance chooses. */
export function round(databases: Databases, rules: Rules, random: Random): void {
  const all = [...databases.graph.keys()];
  for (const group of rules.schedule === 'together' ? [all] : shuffled(all, random).map((local) => [local])) {
    const runs = group.filter((local) => hasNews(databases, local)).map((local) => begin(databases, rules, local));
    let pushing = runs;
    for (let attempt = 0; attempt <= RETRIES && pushing.length > 0; attempt += 1) {
      if (attempt > 0) for (const run of pushing) again(databases, rules, run);
      for (const { run, box } of shuffled(pushing.flatMap(pushes(databases, rules)), random)) push(databases, run, box);
      pushing = pushing.filter(({ lost }) => lost.length > 0);
    }
    for (const run of runs) databases.branches[run.local] = run.target;
  }
}

const inSight = ({ graph }: Databases, local: number): number[] => [local, ...(graph[local] ?? [])];

function hasNews(databases: Databases, local: number): boolean {
  const ours = databases.branches[local];
  if (databases.mailboxes[local] !== ours) return true;
  return (databases.graph[local] ?? []).some((peer) => databases.mailboxes[peer] !== ours);
}

function begin(databases: Databases, rules: Rules, local: number): Run {
  const seen = new Map(inSight(databases, local).map((box) => [box, databases.mailboxes[box] ?? 0]));
  const run: Run = { local, seen, accepted: [], target: 0, taken: false, lost: [] };
  run.target = target(databases, rules, run);
  return run;
}

/** Reads the mailboxes where the race was lost and merges again, from our old head as long as no database took the result. */
function again(databases: Databases, rules: Rules, run: Run): void {
  if (run.taken) run.accepted.push(run.target);
  for (const box of run.lost) run.seen.set(box, databases.mailboxes[box] ?? 0);
  run.lost = [];
  run.taken = false;
  run.target = target(databases, rules, run);
}

function target(databases: Databases, rules: Rules, run: Run): Commit {
  const own = run.seen.get(run.local) ?? 0;
  const others = [...run.seen].filter(([box]) => box !== run.local).map(([, head]) => head);
  const writable = rules.peers === 'writable';
  const view = {
    binding: [databases.branches[run.local] ?? 0, own, ...run.accepted, ...(writable ? others : [])],
    readable: writable ? [] : others,
  };
  return converge(databases.history, view, rules.equivalence);
}

function pushes(databases: Databases, rules: Rules): (run: Run) => { run: Run; box: number }[] {
  return (run) =>
    (rules.peers === 'writable' ? inSight(databases, run.local) : [run.local]).map((box) => ({ run, box }));
}

/** A remote takes what contains its head, as one indivisible step, and refuses everything else. */
function push({ history, mailboxes }: Databases, run: Run, box: number): void {
  const there = mailboxes[box] ?? 0;
  if (history.reaches(there, run.target)) {
    run.taken = true;
  } else if (history.reaches(run.target, there)) {
    mailboxes[box] = run.target;
    run.taken = true;
  } else {
    run.lost.push(box);
  }
}
