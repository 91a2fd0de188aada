/** Environment variables as they were when the process started; an empty one counts as unset. */
export type Env = Readonly<Record<string, string>>;

/** The only reader of process.env. */
export function readEnv(): Env {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  return Object.freeze(Object.fromEntries(entries));
}

/**
 * Removes variables from the environment of this process and of every later child: for secrets that were read and must
 * not be inherited. The only writer of process.env.
 */
export function forgetEnv(names: readonly string[]): void {
  for (const name of names) delete process.env[name];
}
