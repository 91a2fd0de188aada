import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { readSmallText } from '../../core/files.ts';
import { parsedJson } from '../../core/json.ts';
import type { Logger } from '../../core/logger.ts';
import { plain } from '../../core/text.ts';
import { lockShared } from '../../dolt/file-lock.ts';

/** The longest wait for maintenance of bd, which may take minutes. */
const MAX_WAIT_MS = 10_000;

interface GateContext {
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly log?: Pick<Logger, 'debug' | 'info'>;
}

/** Gates of bd that this process has entered. */
export interface Gates {
  leave(): Promise<void>;
}

/**
 * Locks, shared, the files that every command of bd locks while it works. `bd init`, `bd migrate` and `bd backup
 * restore` lock them exclusively, because they replace the database. As in bd 1.3.0, the file is beside what it guards,
 * is never removed, and bd works without a lock that it cannot get.
 * @param guarded absolute paths: the workspace, and the folder with its databases
 * @throws Failure `database-in-use` if maintenance of bd goes on for longer than the wait
 */
export async function enterGates(
  guarded: readonly string[],
  { env, signal, log }: GateContext,
  maxWaitMs = MAX_WAIT_MS,
): Promise<Gates> {
  const files = await Promise.all(guarded.map(gateOf));
  const releases: (() => Promise<void>)[] = [];
  const leave = async (): Promise<void> => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  // In the order of their names, as bd does: two processes never wait for each other.
  for (const file of files.filter((one) => one !== null).sort()) {
    const lock = await lockShared(file, { env, signal, maxWaitMs }).catch(async (thrown: unknown) => {
      await leave();
      throw thrown;
    });
    if (lock.kind === 'held') releases.push(() => lock.release());
    else if (lock.kind === 'impossible') log?.debug(`${file} was not locked: ${lock.why}`);
    else {
      await leave();
      throw maintained(file, await holderText(file));
    }
  }
  return { leave };
}

/** @returns null if there is no gate: the path is a symbolic link, or its parent folder is missing */
async function gateOf(guarded: string): Promise<string | null> {
  try {
    if ((await lstat(guarded)).isSymbolicLink()) return null;
    return join(await realpath(dirname(guarded)), `${basename(guarded)}.gate.lock`);
  } catch {
    return null;
  }
}

const infoSchema = z.looseObject({ pid: z.int().positive(), reason: z.string().optional() });

/** The note that the maintaining process wrote beside the gate. */
async function holderText(file: string): Promise<string> {
  const info = infoSchema.safeParse(parsedJson(await readSmallText(`${file}.info`))).data;
  if (info === undefined) return 'bd';
  return `${plain(info.reason ?? '').slice(0, MAX_REASON) || 'bd'} (pid ${info.pid})`;
}

const MAX_REASON = 100;

function maintained(file: string, holder: string): Failure {
  return new Failure(
    'database-in-use',
    `federation requires direct database access, but ${holder} maintains this beads workspace and holds ${file}`,
    { hint: 'Wait until that command of bd has ended, then run again. Never delete a `.gate.lock` file.' },
  );
}
