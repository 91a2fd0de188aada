import type { Env } from '../core/env.ts';

/** The credentials of the job or the user's shell, used for peers without their own. */
export interface Job {
  readonly env: Env;
  /** Whether the home folder is the user's own; then its settings of ssh, git and cloud tools may be used. */
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
