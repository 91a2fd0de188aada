import type { Env } from '../core/env.ts';

/** What the job, or the user's shell, already has: used where a peer has no credential of its own. */
export interface Job {
  readonly env: Env;
  /** Whether the home folder is the user's own, with settings of ssh, git and cloud tools that may be used. */
  readonly userHome: boolean;
}

/** The variables of the job that are set. */
export function inherited(env: Env, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
