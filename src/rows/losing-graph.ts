/** One side's version of a row, by ids; what it takes to decide whether it is lost. */
export interface Version {
  readonly id: string;
  /** Whether the row lost its key to the version of the other side, or to another row. */
  readonly isLoser: boolean;
  /** The other side's version of the same row; null where the key is free without this one. */
  readonly opponent: string | null;
  /** The versions that it refers to. */
  readonly parents: ReadonlySet<string>;
}

/**
 * Which versions are lost in the end. A version is lost if it refers to a lost one, or if it lost its key to a version
 * that is not lost itself. Two rows that depend on each other's loss are decided in the order given.
 * @param versions losers and everything that leads to them, in an order that both sides of a merge share
 */
export function lostVersions(versions: readonly Version[]): ReadonlySet<string> {
  const byId = new Map(versions.map((version) => [version.id, version]));
  const lost = new Map<string, boolean>();
  const waiting = waitersOf(versions);
  const decide = (first: string, isLost: boolean): void => {
    const open = [[first, isLost] as const];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [id, value] = next;
      if (lost.has(id)) continue;
      lost.set(id, value);
      for (const waiter of waiting.get(id) ?? []) {
        const version = byId.get(waiter);
        const verdict = version === undefined || lost.has(waiter) ? null : verdictOn(version);
        if (verdict !== null) open.push([waiter, verdict]);
      }
    }
  };
  const verdictOn = ({ isLoser, opponent, parents }: Version): boolean | null => {
    const states = [...parents].map((parent) => lost.get(parent));
    if (states.includes(true)) return true;
    const rival = opponent === null || !byId.has(opponent) ? false : lost.get(opponent);
    if (isLoser && rival === false) return true;
    return states.includes(undefined) || (isLoser && rival === undefined) ? null : false;
  };
  for (const version of versions) {
    const verdict = lost.has(version.id) ? null : verdictOn(version);
    if (verdict !== null) decide(version.id, verdict);
  }
  // Only circles are still open: the first loser of each loses, and what no lost version supports stays.
  for (const { id, isLoser } of versions) if (isLoser && !lost.has(id)) decide(id, true);
  return new Set(versions.flatMap(({ id }) => (lost.get(id) === true ? [id] : [])));
}

/** By version, those whose fate depends on it. */
function waitersOf(versions: readonly Version[]): ReadonlyMap<string, readonly string[]> {
  const waiting = new Map<string, string[]>();
  const wait = (on: string, id: string): void => {
    const known = waiting.get(on);
    if (known === undefined) waiting.set(on, [id]);
    else known.push(id);
  };
  for (const { id, isLoser, opponent, parents } of versions) {
    for (const parent of parents) wait(parent, id);
    if (isLoser && opponent !== null) wait(opponent, id);
  }
  return waiting;
}

/**
 * Versions so that each comes after those that it refers to, and otherwise in the order given. Circles are cut at their
 * first version.
 */
export function parentsFirst<T extends Pick<Version, 'id' | 'parents'>>(versions: readonly T[]): T[] {
  const rank = new Map(versions.map(({ id }, index) => [id, index]));
  const missing = versions.map(({ id, parents }) => [...parents].filter((one) => one !== id && rank.has(one)).length);
  const children = new Map<string, number[]>(versions.map(({ id }) => [id, []]));
  for (const [index, { id, parents }] of versions.entries()) {
    for (const parent of parents) if (parent !== id) children.get(parent)?.push(index);
  }
  const placed = new Set<number>();
  const ordered: T[] = [];
  const place = (start: number): void => {
    const ready = [start];
    // It grows while it is gone through.
    for (const index of ready) {
      const version = versions[index];
      if (version === undefined || placed.has(index)) continue;
      placed.add(index);
      ordered.push(version);
      for (const child of children.get(version.id) ?? []) {
        missing[child] = (missing[child] ?? 0) - 1;
        if (missing[child] === 0) ready.push(child);
      }
    }
  };
  for (const [index] of versions.entries()) if (missing[index] === 0) place(index);
  for (const [index] of versions.entries()) place(index);
  return ordered;
}
