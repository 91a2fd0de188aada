import { cp } from 'node:fs/promises';
import { addCommits, type Commits, noCommits } from '../../../bench/races/merges.ts';
import { seeded, shuffled } from '../../../bench/random.ts';
import { diameter, neighbours } from '../../../bench/topology.ts';
import { contentHash } from '../../../src/dolt/rows/content.ts';
import type { Engines } from '../../../src/dolt/server/engines.ts';
import { federateIn, filePeer, inDatabase, testEngines } from '../federating.ts';
import type { Case } from './cases.ts';
import { editDatabase, Ledger, rowsOf } from './edit-database.ts';
import type { Cells, Edit, TableName } from './edits.ts';
import type { Scene } from './scene.ts';

/** The state of a database at the end of its run. */
export interface DatabaseEnd {
  readonly head: string;
  /** `dolt_hashof_db`: equal for equal contents. */
  readonly contents: string;
  readonly rows: Readonly<Record<TableName, ReadonlyMap<string, Cells>>>;
  /** Peers that failed, and why. */
  readonly failures: readonly string[];
}

export interface Played {
  readonly diameter: number;
  readonly edits: readonly Edit[];
  /** Rounds after the last edit until the databases agreed; null: not within diameter + 1. */
  readonly rounds: number | null;
  readonly databases: readonly DatabaseEnd[];
  readonly commits: Commits;
  /** Merge commits that one more round made. */
  readonly madeAfterwards: readonly string[];
}

const BUSY_ROUNDS = 2;

/**
 * Plays a case with real Dolt: in each round every database makes its edits and then runs once to its end, one after
 * the other, until they agree or diameter + 1 rounds have passed since the last edit; then one round more.
 * @param how.reversed lists the peers of every database in the opposite order, which may change nothing
 */
export async function play(
  scene: Scene,
  plan: Case,
  how: { readonly name: string; readonly reversed: boolean },
): Promise<Played> {
  const random = seeded(plan.chance);
  const graph = neighbours(plan.topology, plan.databases, random);
  const file = (name: string): string => scene.folder.file(`${how.name}-${name}`);
  for (const local of graph.keys()) {
    await cp(scene.folder.file('base'), file(`local${local}`), { recursive: true });
    await cp(scene.folder.file('base.box'), file(`box${local}`), { recursive: true });
  }
  const ledger = new Ledger();
  ledger.note(scene.first.commit, scene.first.edit);
  await using open = enginesOfDatabases((local) => testEngines(file(`local${local}`), scene.folder.file('tmp')));
  const databases: DatabaseEnd[] = [];
  const commits = noCommits();
  const peersOf = (local: number) => {
    const role = plan.mailboxes === 'writable' ? 'peer' : 'upstream';
    const others = (graph[local] ?? []).map((peer) => filePeer(`t${peer}`, file(`box${peer}`), role));
    const peers = [filePeer('own', file(`box${local}`)), ...others];
    return how.reversed ? peers.reverse() : peers;
  };
  const round = async (number: number): Promise<void> => {
    for (const local of shuffled([...graph.keys()], random)) {
      const due = plan.edits.filter((edit) => edit.round === number && edit.local % plan.databases === local);
      const engines = open.of(local);
      await inDatabase(engines, async (database) => {
        for (const edit of due) await editDatabase(database, edit, { ledger, clocks: plan.clocks });
      });
      const { head, allProgress } = await federateIn(engines, { peers: peersOf(local) });
      const failures = allProgress.flatMap(({ peer, failure }) =>
        failure === null ? [] : [`${peer.name}: ${failure.message}`],
      );
      databases[local] = await inDatabase(engines, async (database) => {
        await addCommits(commits, database);
        const rows = { dated: await rowsOf(database, 'dated'), plain: await rowsOf(database, 'plain') };
        return { head, contents: await contentHash(database, head), rows, failures };
      });
    }
  };
  const agreed = (): boolean => {
    const of = (local: DatabaseEnd): string => (plan.mailboxes === 'writable' ? local.head : local.contents);
    return new Set(databases.map(of)).size === 1;
  };

  for (let number = 0; number < BUSY_ROUNDS; number += 1) await round(number);
  const across = diameter(graph);
  let quiet = 0;
  while (!agreed() && quiet <= across) {
    await round(BUSY_ROUNDS + quiet);
    quiet += 1;
  }
  const rounds = agreed() ? quiet : null;
  const before = new Set(commits.merges);
  await round(BUSY_ROUNDS + quiet);
  const madeAfterwards = [...commits.merges].filter((commit) => !before.has(commit));
  return { diameter: across, edits: ledger.edits, rounds, databases: [...databases], commits, madeAfterwards };
}

/** One engine for each database that has run: starting another one for every run would take most of the time. */
function enginesOfDatabases(start: (local: number) => Engines): AsyncDisposable & { of(local: number): Engines } {
  const started = new Map<number, Engines>();
  return {
    of(local) {
      const engines = started.get(local) ?? start(local);
      started.set(local, engines);
      return engines;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...started.values()].map((engines) => engines.close()));
    },
  };
}
