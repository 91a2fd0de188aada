import { type Random, shuffled } from '../random.ts';
import type { Neighbours } from '../topology.ts';
import { type Databases, type Rules, round } from './federation.ts';
import { History, ROOT } from './history.ts';

export interface Simulated {
  /** After so many rounds all databases held the same rows; null: not within the bounds. */
  readonly equalAfter: number | null;
  /** After so many rounds all databases had one commit; null: never. */
  readonly oneHeadAfter: number | null;
  /** Merge commits when the rows were equal, and at the end. */
  readonly mergesUntilEqual: number;
  readonly merges: number;
  /** `settled`: a round moved nothing. */
  readonly end: 'settled' | 'still moving' | 'too many commits';
}

/** A federation that still makes commits so many rounds after all rows are equal will not stop. */
const ROUNDS_AFTER = 10;
/** More than this shows nothing new and only fills the memory. */
const MOST_MERGES = 300_000;

/**
 * Lets some databases edit their rows at once, and all of them gossip until a round moves nothing.
 * @param federation.edits how many databases have made one edit each
 */
export function simulate(
  federation: { readonly graph: Neighbours; readonly edits: number },
  rules: Rules,
  random: Random,
): Simulated {
  const databases = afterEdits(federation, random);
  let equalAfter: number | null = null;
  let oneHeadAfter: number | null = null;
  let mergesUntilEqual = 0;
  for (let rounds = 0; ; rounds += 1) {
    const state = stateOf(databases);
    if (equalAfter === null && state !== 'different') {
      equalAfter = rounds;
      mergesUntilEqual = databases.history.merges;
    }
    if (oneHeadAfter === null && state === 'one head') oneHeadAfter = rounds;
    const found = { equalAfter, oneHeadAfter, mergesUntilEqual };
    if (databases.history.merges > MOST_MERGES)
      return { ...found, merges: databases.history.merges, end: 'too many commits' };
    const before = [...databases.branches, ...databases.mailboxes];
    round(databases, rules, random);
    const moved = [...databases.branches, ...databases.mailboxes].some((head, index) => head !== before[index]);
    if (!moved) return { ...found, merges: databases.history.merges, end: 'settled' };
    if (equalAfter !== null && rounds - equalAfter >= ROUNDS_AFTER) {
      return { ...found, merges: databases.history.merges, end: 'still moving' };
    }
  }
}

function afterEdits(
  { graph, edits }: { readonly graph: Neighbours; readonly edits: number },
  random: Random,
): Databases {
  const history = new History();
  const branches = graph.map(() => ROOT);
  for (const local of shuffled([...graph.keys()], random).slice(0, edits)) branches[local] = history.edit(ROOT);
  return { history, graph, branches, mailboxes: graph.map(() => ROOT) };
}

function stateOf({ history, branches, mailboxes }: Databases): 'one head' | 'equal' | 'different' {
  const [first = ROOT] = branches;
  const heads = [...branches, ...mailboxes];
  if (heads.every((head) => head === first)) return 'one head';
  return heads.every((head) => history.contents(head) === history.contents(first)) ? 'equal' : 'different';
}
