import { type Random, whole } from './random.ts';

export const TOPOLOGIES = ['ring', 'star', 'line', 'random'] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** Who knows whom: for each database, by number, the databases that it has as peers. Always in both directions. */
export type Neighbours = readonly (readonly number[])[];

/** In a random federation every database beyond the first joined one that was there, and as many pairs met later. */
const LATER_PAIRS_PER_DATABASE = 1;

/**
 * Which databases are peers of each other. Every database can be reached from every other, over others if necessary.
 */
export function neighbours(topology: Topology, databases: number, random: Random): Neighbours {
  const known = Array.from({ length: databases }, () => new Set<number>());
  const meet = (a: number, b: number): void => {
    if (a === b) return;
    known[a]?.add(b);
    known[b]?.add(a);
  };
  for (let local = 1; local < databases; local += 1) meet(local, earlier(topology, local, random));
  if (topology === 'ring') meet(databases - 1, 0);
  if (topology === 'random') {
    for (let pair = 0; pair < databases * LATER_PAIRS_PER_DATABASE; pair += 1)
      meet(whole(random, databases), whole(random, databases));
  }
  return known.map((peers) => [...peers].sort((a, b) => a - b));
}

function earlier(topology: Topology, local: number, random: Random): number {
  switch (topology) {
    case 'ring':
    case 'line':
      return local - 1;
    case 'star':
      return 0;
    case 'random':
      return whole(random, local);
  }
}

/** The largest number of steps between two databases. */
export function diameter(graph: Neighbours): number {
  const distance = new Int32Array(graph.length);
  const queue = new Int32Array(graph.length);
  let most = 0;
  for (let start = 0; start < graph.length; start += 1)
    most = Math.max(most, farthest(graph, { start, distance, queue }));
  return most;
}

interface Search {
  readonly start: number;
  /** Room for as many numbers as there are databases, reused by each search. */
  readonly distance: Int32Array;
  readonly queue: Int32Array;
}

function farthest(graph: Neighbours, { start, distance, queue }: Search): number {
  distance.fill(-1);
  distance[start] = 0;
  queue[0] = start;
  let last = 0;
  let end = 1;
  for (let next = 0; next < end; next += 1) {
    const local = queue[next] ?? 0;
    last = distance[local] ?? 0;
    for (const peer of graph[local] ?? []) {
      if (distance[peer] !== -1) continue;
      distance[peer] = last + 1;
      queue[end] = peer;
      end += 1;
    }
  }
  return last;
}
