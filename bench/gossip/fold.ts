import type { Commit, History } from './history.ts';

/** The heads that a database sees at the beginning of a run. */
export interface View {
  /** Our head and those of the remotes that take our pushes: what comes out has to contain them. */
  readonly binding: readonly Commit[];
  /** Heads of remotes that we can only read. */
  readonly readable: readonly Commit[];
}

/**
 * The next head of a database, from the heads that it sees: contained heads are dropped, and the others are folded in
 * hash order.
 * @param equivalence whether a head that can only be read, and that holds what another one holds, is left alone
 */
export function converge(history: History, view: View, equivalence: boolean): Commit {
  const heads = history.inHashOrder(minimal(history, [...view.binding, ...view.readable]));
  const kept = equivalence ? withoutEquivalents(history, heads, view.binding) : heads;
  return kept.reduce((folded, head) => history.merge(folded, head));
}

/**
 * Of heads that hold the same, those that contain a binding head stay: all that is bound must be below the result. One
 * of them is enough where it contains what the others do; where none is bound, the first stays.
 */
function withoutEquivalents(history: History, heads: readonly Commit[], binding: readonly Commit[]): Commit[] {
  const kept: Commit[] = [];
  for (const contents of new Set(heads.map((head) => history.contents(head)))) {
    const alike = heads.filter((head) => history.contents(head) === contents);
    const bound = (head: Commit): Commit[] => [...new Set(binding)].filter((one) => history.reaches(head, one));
    const needed = new Set(alike.flatMap(bound));
    const enough = alike.find((head) => bound(head).length === needed.size);
    kept.push(...(enough === undefined ? alike.filter((head) => bound(head).length > 0) : [enough]));
  }
  return history.inHashOrder(kept);
}

function minimal(history: History, heads: readonly Commit[]): Commit[] {
  const distinct = [...new Set(heads)];
  return distinct.filter((head) => !distinct.some((other) => other !== head && history.reaches(other, head)));
}
