import { createHash } from 'node:crypto';
import type { Peer } from '../../config/configuration.ts';
import { OPTIONS } from '../../contract/options.ts';
import type { RunResult } from '../../contract/result.ts';
import type { Role } from '../../contract/vocabulary.ts';
import { shortDigest } from '../../core/digest.ts';
import { Failure } from '../../core/failure.ts';
import type { SyncRequest } from '../request.ts';

export const MAX_LEGS = OPTIONS.shards.max;

/** One part of a run that is divided among several jobs. */
export interface Shard {
  /** Its number, from 1. */
  readonly leg: number;
  readonly legs: number;
}

/** `1/3`, as the option and the results write it. */
export function shardText({ leg, legs }: Shard): string {
  return `${leg}/${legs}`;
}

const SHARD = /^(?<leg>0|[1-9]\d{0,8})\/(?<legs>0|[1-9]\d{0,8})$/;

/**
 * The leg that `shard` names.
 * @throws Failure `bad-usage` with the position of the wrong part
 */
export function requestedShard(text: string | undefined): Shard | undefined {
  if (text === undefined) return undefined;
  const written = text.trim();
  const { leg: first, legs: second } = SHARD.exec(written)?.groups ?? {};
  if (first === undefined || second === undefined)
    throw refusal(written, 1, 'it must be the number of the leg and that of all legs, such as `1/3`');
  const [leg, legs] = [Number(first), Number(second)];
  if (legs < 1 || legs > MAX_LEGS)
    throw refusal(written, first.length + 2, `the number of legs must be from 1 to ${MAX_LEGS}`);
  if (leg < 1 || leg > legs) throw refusal(written, 1, `the leg must be from 1 to ${legs}`);
  return { leg, legs };
}

function refusal(text: string, position: number, why: string): Failure {
  return new Failure('bad-usage', `shard is ${JSON.stringify(text)}: ${why} (character ${position})`, {
    hint: 'Write for example `--shard 1/3`. The output `matrix` of `validate` has the value for each leg.',
  });
}

interface Divided {
  readonly name: string;
  readonly role: Role;
}

/** The peers of one leg, in their order: its part of the others, and the primary, where all legs meet. */
export function peersOfLeg<P extends Divided>(selected: readonly P[], { leg, legs }: Shard): readonly P[] {
  const own = new Set(namesByLeg(dividedNames(selected), legs)[leg - 1]);
  return selected.filter(({ name, role }) => role === 'primary' || own.has(name));
}

export type LegOfResult = Pick<RunResult, 'shard' | 'selection' | 'filtered'>;

/**
 * The part of the peers that a result is about. A report groups legs by the digest, and notices missing ones. A leg that
 * fails early does not know its branch, so the digest also has the requested one.
 * @param selected the peers of all legs
 */
export function legOfResult(
  { shard, branch, only, onlyRoles }: Pick<SyncRequest, 'shard' | 'branch' | 'only' | 'onlyRoles'>,
  selected: readonly Peer[],
): LegOfResult {
  const part = only.length + onlyRoles.length === 0 ? {} : { filtered: true as const };
  if (shard === undefined) return part;
  const peers = selected.map((peer) => [peer.name, peer.dataPlace, peer.ref, peer.branch]);
  return { ...part, shard: shardText(shard), selection: shortDigest(JSON.stringify([branch ?? null, peers])) };
}

/** The names that are divided among legs. */
export function dividedNames(selected: readonly Divided[]): readonly string[] {
  return selected.flatMap(({ name, role }) => (role === 'primary' ? [] : [name]));
}

/**
 * Divides names among legs, whose sizes differ by at most one. Each name prefers the leg that its hash names and takes the
 * next leg with room. So a new peer moves few of the others, and the caches of the legs stay useful: with 30 peers in
 * 3 legs one moves on average. Dealing out the sorted names would move 17.
 */
export function namesByLeg(names: readonly string[], legs: number): readonly (readonly string[])[] {
  const parts = Array.from({ length: legs }, (): string[] => []);
  const least = Math.floor(names.length / legs);
  let larger = names.length % legs;
  for (const name of [...names].sort()) {
    const preferred = createHash('sha256').update(name).digest().readUInt32BE() % legs;
    for (const part of [...parts.slice(preferred), ...parts.slice(0, preferred)]) {
      if (part.length > least || (part.length === least && larger === 0)) continue;
      if (part.length === least) larger -= 1;
      part.push(name);
      break;
    }
  }
  return parts;
}
