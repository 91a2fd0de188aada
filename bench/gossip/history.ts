/** A commit of the model, by number. Number 0 is the first commit, which all databases share. */
export type Commit = number;

/** The first commit, which all databases share. */
export const ROOT: Commit = 0;

/**
 * All commits that a federation makes. A merge is a pure function of its two parents, as merge protocol 1 promises, so
 * the same merge made twice is one commit. A commit holds the set of edits below it: this is the result of `newest`,
 * since it decides every cell by the edits alone.
 */
export class History {
  readonly #parents: (readonly [Commit, Commit] | readonly [Commit] | readonly [])[] = [[]];
  /** Longest way down to the first commit: an ancestor is always lower. */
  readonly #height: number[] = [0];
  /** Replaces the hash: it orders commits at random. */
  readonly #hash: number[] = [0];
  readonly #contents: number[] = [0];
  /** The last search that came by, so that none passes a commit twice. */
  readonly #seenBy: number[] = [0];
  #search = 0;
  readonly #merges = new Map<string, Commit>();
  readonly #sets = new EditSets();

  /** How many different merge commits were made. */
  get merges(): number {
    return this.#merges.size;
  }

  /** A commit of a writer. */
  edit(parent: Commit): Commit {
    const commit = this.#add([parent]);
    this.#contents.push(this.#sets.union(this.contents(parent), this.#sets.single()));
    return commit;
  }

  merge(a: Commit, b: Commit): Commit {
    const key = `${a}+${b}`;
    const known = this.#merges.get(key);
    if (known !== undefined) return known;
    const commit = this.#add([a, b]);
    this.#contents.push(this.#sets.union(this.contents(a), this.contents(b)));
    this.#merges.set(key, commit);
    return commit;
  }

  /** Equal for two commits exactly when both hold the same edits. */
  contents(commit: Commit): number {
    return this.#contents[commit] ?? 0;
  }

  inHashOrder(commits: Iterable<Commit>): Commit[] {
    return [...commits].sort((a, b) => (this.#hash[a] ?? 0) - (this.#hash[b] ?? 0) || a - b);
  }

  /** Whether `head` reaches `commit`; every commit reaches itself. */
  reaches(head: Commit, commit: Commit): boolean {
    if (head === commit) return true;
    const floor = this.#height[commit] ?? 0;
    this.#search += 1;
    const open = [head];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const parent of this.#parents[next] ?? []) {
        if (parent === commit) return true;
        if ((this.#height[parent] ?? 0) <= floor || this.#seenBy[parent] === this.#search) continue;
        this.#seenBy[parent] = this.#search;
        open.push(parent);
      }
    }
    return false;
  }

  #add(parents: readonly [Commit, Commit] | readonly [Commit]): Commit {
    const commit = this.#parents.push(parents) - 1;
    this.#height.push(1 + Math.max(...parents.map((parent) => this.#height[parent] ?? 0)));
    let hash = 0x9e3779b9;
    for (const word of [commit, ...parents]) hash = Math.imul(hash ^ (word + (hash >>> 15)), 0x85ebca6b);
    this.#seenBy.push(0);
    this.#hash.push((hash ^ (hash >>> 13)) >>> 0);
    return commit;
  }
}

/** Sets of edits, each kept once, so that a number says which one is meant. */
class EditSets {
  readonly #sets: bigint[] = [0n];
  readonly #numbers = new Map<bigint, number>([[0n, 0]]);
  readonly #unions = new Map<string, number>();
  #edits = 0n;

  single(): number {
    this.#edits += 1n;
    return this.#number(1n << this.#edits);
  }

  union(a: number, b: number): number {
    if (a === b) return a;
    const key = a < b ? `${a}|${b}` : `${b}|${a}`;
    const known = this.#unions.get(key);
    if (known !== undefined) return known;
    const made = this.#number((this.#sets[a] ?? 0n) | (this.#sets[b] ?? 0n));
    this.#unions.set(key, made);
    return made;
  }

  #number(set: bigint): number {
    const known = this.#numbers.get(set);
    if (known !== undefined) return known;
    this.#numbers.set(set, this.#sets.push(set) - 1);
    return this.#sets.length - 1;
  }
}
