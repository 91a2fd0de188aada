import type { Agent } from 'node:http';
import type { Env } from '../core/env.ts';
import { errorMessage } from '../core/failure.ts';
import type { Target } from './host-rule.ts';
import { jobProxyFor } from './job-proxy.ts';
import { type ConnectionProblem, type Passes, Refusal } from './passes.ts';

/** Shared by all connections of one proxy. */
export interface Relay {
  /** Of the job. */
  readonly env: Env;
  readonly passes: Passes;
  /** Pools the connections for plain requests. */
  readonly agent: Agent;
  readonly open: OpenConnections;
}

/** Open connections; each is closed when no operation needs it any more. */
export class OpenConnections {
  readonly #all = new Set<{ readonly target: Target; readonly end: () => void }>();

  /** @returns removes it again */
  add(target: Target, end: () => void): () => void {
    const one = { target, end };
    this.#all.add(one);
    return () => void this.#all.delete(one);
  }

  endUnless(isNeeded: (target: Target) => boolean): void {
    for (const { target, end } of this.#all) if (!isNeeded(target)) end();
  }
}

/**
 * The job's proxy for a target; null: there is none.
 * @throws Error if it cannot be used
 */
export function jobProxy({ env }: Relay, scheme: 'http' | 'https', target: Target): URL | null {
  const job = jobProxyFor(env, scheme, target);
  if (job.kind === 'unusable') throw new Error(job.why);
  return job.kind === 'proxy' ? job.url : null;
}

export function problemOf(thrown: unknown): ConnectionProblem {
  return thrown instanceof Refusal ? thrown.problem : { kind: 'unreached', why: errorMessage(thrown) };
}
