/**
 * `npm run bench:gossip`: a model, without Dolt, of many databases that gossip: how many rounds they need until they agree,
 * and how many merge commits that takes. A round is one run of every database.
 *
 *   npm run bench:gossip -- --databases 6,100,10000 --edits 16 --schedule together --seed 1
 *
 * `--edits` databases have edited their rows before the first round; `all` means every database.
 */
import { parseArgs } from 'node:util';
import type { Rules } from './gossip/federation.ts';
import { type Simulated, simulate } from './gossip/simulate.ts';
import { seeded } from './random.ts';
import { table } from './table.ts';
import { diameter, neighbours, TOPOLOGIES, type Topology } from './topology.ts';

interface Settings {
  readonly databases: readonly number[];
  readonly edits: number | 'all';
  readonly schedule: Rules['schedule'];
  readonly seed: number;
}

const MEETINGS: readonly Omit<Rules, 'schedule'>[] = [
  { peers: 'writable', equivalence: true },
  { peers: 'read-only', equivalence: true },
  { peers: 'read-only', equivalence: false },
];

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      databases: { type: 'string', default: '6,100,10000' },
      edits: { type: 'string', default: '16' },
      schedule: { type: 'string', default: 'together' },
      seed: { type: 'string', default: '1' },
    },
  });
  if (values.schedule !== 'together' && values.schedule !== 'in-turn') {
    throw new Error(`--schedule is together or in-turn, not ${values.schedule}`);
  }
  return {
    databases: values.databases.split(',').map((text) => count(text, { option: '--databases', most: 10_000 })),
    edits: values.edits === 'all' ? 'all' : count(values.edits, { option: '--edits', most: 10_000 }),
    schedule: values.schedule,
    seed: count(values.seed, { option: '--seed', most: 2 ** 32 - 1 }),
  };
}

function count(text: string, is: { readonly option: string; readonly most: number }): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > is.most) throw new Error(`${is.option} takes numbers from 1 to ${is.most}, not ${text}`);
  return value;
}

/** One line for each way to meet; all begin with the same graph and the same edits. */
function lines(topology: Topology, size: number, settings: Settings): string[][] {
  const across = diameter(neighbours(topology, size, seeded(settings.seed)));
  const edits = Math.min(settings.edits === 'all' ? size : settings.edits, size);
  return MEETINGS.map((meeting) => {
    const random = seeded(settings.seed);
    const federation = { graph: neighbours(topology, size, random), edits };
    const found = simulate(federation, { ...meeting, schedule: settings.schedule }, random);
    const rule = meeting.peers === 'writable' ? 'does not apply' : meeting.equivalence ? 'with' : 'without';
    return [
      topology,
      `${size}`,
      meeting.peers,
      rule,
      `${edits}`,
      `${across}`,
      found.equalAfter === null ? 'not seen' : `${found.equalAfter}`,
      found.oneHeadAfter === null ? 'not seen' : `${found.oneHeadAfter}`,
      `${found.mergesUntilEqual}`,
      (found.merges / edits).toFixed(2),
      ending(found),
    ];
  });
}

function ending(found: Simulated): string {
  const more = found.merges - found.mergesUntilEqual;
  switch (found.end) {
    case 'settled':
      return more === 0 ? 'settled' : `settled after ${more} more merges`;
    case 'still moving':
      return more === 0 ? 'heads still move' : `still merging: ${more} more`;
    case 'too many commits':
      return `given up at ${found.merges} merges`;
  }
}

const HEADINGS = ['topology', 'databases', 'peers', 'rule of equivalence', 'edits', 'diameter'];
const FINDINGS = ['rounds to equal rows', 'rounds to one commit', 'merges', 'merges per edit', 'then'];

const settings = readSettings();
console.log(
  `seed ${settings.seed}, runs of a round ${settings.schedule === 'together' ? 'at the same moment' : 'in turn'}\n`,
);
for (const size of settings.databases) {
  const rows = TOPOLOGIES.flatMap((topology) => lines(topology, size, settings));
  console.log(`${table([...HEADINGS, ...FINDINGS], rows)}\n`);
}
