import { dirname, isAbsolute, join } from 'node:path';
import { buildConfiguration, type ConfigSource, inspectConfiguration } from '../../config/build.ts';
import type { ConfigOverrides, Configuration } from '../../config/configuration.ts';
import { readSource } from '../../config/load.ts';
import { Problems } from '../../config/problems.ts';
import { parseYaml } from '../../config/yaml/parse.ts';
import { secretsInFile } from '../../config/yaml/secrets.ts';
import { shortDigest } from '../../core/digest.ts';
import { errorMessage, Failure } from '../../core/failure.ts';
import { makeFolders, readIfThere, realPath, writeFileAtomic } from '../../core/files.ts';
import { throwIfInterrupted } from '../../core/interruption.ts';
import { type FileLock, lockExclusively, lockFolder } from '../../dolt/file-lock.ts';
import type { Context } from '../context.ts';

/** The text of a file that is created with its folder, which would change the default to a mode without federation. */
const FRESH_TEXT = 'sync:\n  mode: dolt-native\n';

/** The longest wait for another command of ours that edits the file. */
const MAX_WAIT_MS = 10_000;

/** Another program, such as an editor or bd, does not write the file this often in a row. */
const MAX_ATTEMPTS = 5;

/** A finished edit. */
export interface Edited {
  readonly file: string;
  /** Without its invalid parts. */
  readonly before: Configuration;
  readonly after: Configuration;
  /** Whether the file was written. */
  readonly isChanged: boolean;
}

/**
 * @param before the configuration without its invalid parts, which the edit may be about to correct
 * @returns the new text, or the same if there is nothing to change
 */
type Change = (text: string, before: Configuration, file: string) => string | Promise<string>;

interface EditOptions {
  /** The file to write, with the workspace that it makes, instead of the one that was found. */
  readonly into?: (Required<Pick<ConfigSource, 'workspace' | 'isBeads'>> & { readonly file: string }) | undefined;
  /** The longest wait for another command of ours. */
  readonly maxWaitMs?: number;
}

/**
 * Changes the configuration file, which is created if there is none: `.beads/config.yaml` in the workspace, or in the
 * working directory if there is no workspace. The result is validated before it is written; of the file before, only its
 * syntax has to be valid. Our own commands, of all users and containers, take turns under a lock of its folder; if another
 * program changes the file meanwhile, the edit starts from the new text.
 * @throws Failure any error of the syntax, of `change`, or of the result, which only has a place if the file had the
 * problem before; `config-unreadable` if the file is in use or not writable
 */
export async function editConfiguration(
  context: Context,
  overrides: ConfigOverrides,
  change: Change,
  { into, maxWaitMs = MAX_WAIT_MS }: EditOptions = {},
): Promise<Edited> {
  const file = into?.file ?? fileOf(await readSource(context, overrides), context);
  const held = await lockFor(file, context, maxWaitMs);
  try {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const edited = await attemptEdit(context, overrides, { change, into, maxWaitMs });
      if (edited !== null) return edited;
      throwIfInterrupted(context.signal);
    }
    throw new Failure('config-unreadable', `another program keeps changing ${file}`, {
      hint: 'Stop that program, then run again.',
      location: { file },
    });
  } finally {
    await release(held);
  }
}

/** @throws Failure `config-unreadable` if another command keeps the lock */
async function lockFor(file: string, { env, signal, log, tempDir }: Context, maxWaitMs: number): Promise<FileLock> {
  const folder = dirname(await realPath(file));
  const options = { env, signal, maxWaitMs };
  // Windows locks files only.
  const lock =
    process.platform === 'win32'
      ? await lockExclusively(join(tempDir, `edit-${shortDigest(folder, 16)}.lock`), options)
      : await lockFolder(folder, options);
  // The comparison before the file is written remains.
  if (lock.kind === 'impossible') log.debug(`${folder} was not locked: ${lock.why}`);
  if (lock.kind !== 'busy') return lock;
  throw new Failure('config-unreadable', `another command is still editing ${file}`, {
    hint: `Wait until that command has ended, or stop it, then run again. It has locked the folder ${folder}.`,
    location: { file },
  });
}

async function release(lock: FileLock): Promise<void> {
  if (lock.kind === 'held') await lock.release();
}

/** The file that has the configuration, or that would be created for it. */
function fileOf({ file, workspace }: ConfigSource, { cwd }: Context): string {
  return file ?? join(workspace ?? join(cwd, '.beads'), 'config.yaml');
}

/** @returns null if another program changed the file meanwhile; it is not written then */
async function attemptEdit(
  context: Context,
  overrides: ConfigOverrides,
  { change, into, maxWaitMs }: Pick<EditOptions, 'into'> & { readonly change: Change; readonly maxWaitMs: number },
): Promise<Edited | null> {
  const source = await readSource(context, overrides);
  const inspected = inspectConfiguration(source, context.env, overrides);
  // Without one, this throws what is wrong.
  const before = inspected.configuration ?? buildConfiguration(source, context.env, overrides);
  const file = into?.file ?? fileOf(source, context);
  const onDisk = source.file === file ? source.text : null;
  const former = onDisk ?? (source.workspace === null && into === undefined ? FRESH_TEXT : '');
  const text = await change(former, before, file);
  if (text === former) {
    refuseProblems(inspected.problems, inspected.problems);
    return { file, before, after: before, isChanged: false };
  }
  const result = { ...source, ...into, file, text, base: context.cwd };
  const edited = inspectConfiguration(result, context.env, overrides);
  refuseProblems(edited.problems, inspected.problems);
  const after = edited.configuration ?? buildConfiguration(result, context.env, overrides);
  refuseNewSecrets(former, text);
  const conflict = new Error('another program changed the file');
  try {
    const made = await makeFolders(dirname(file));
    // Other commands lock the new folder, no longer its parent.
    const lock = made === undefined ? null : await lockFor(file, context, maxWaitMs);
    try {
      await writeFileAtomic(file, text, undefined, async () => {
        if ((await readIfThere(file)) !== onDisk) throw conflict;
      });
    } finally {
      if (lock !== null) await release(lock);
    }
    return { file, before, after, isChanged: true };
  } catch (thrown) {
    if (thrown === conflict) return null;
    if (thrown instanceof Failure) throw thrown;
    throw new Failure('config-unreadable', `cannot write ${file}: ${errorMessage(thrown)}`, {
      hint: 'Check that this user can write the file and its folder.',
      location: { file },
      cause: thrown,
    });
  }
}

/**
 * Refuses the problems of a result. Those that the edit would cause come first, and have no place: one in the new text
 * would mislead.
 * @param before the problems before the edit
 */
function refuseProblems(found: readonly Failure[], before: readonly Failure[]): void {
  const former = new Map(before.map((problem) => [idOf(problem), problem]));
  const problems = new Problems();
  for (const problem of found) {
    const { code, message, hint, cause } = problem;
    const location = former.get(idOf(problem))?.location ?? undefined;
    // An editor corrects no variable and no input.
    const isOfFile = location !== undefined && isAbsolute(location.file);
    problems.add(new Failure(code, message, { hint: isOfFile ? `${hint} ${BEFORE}` : hint, location, cause }));
  }
  problems.throwIfAny();
}

function idOf({ code, message }: Failure): string {
  return `${code} ${message}`;
}

const BEFORE =
  'The configuration had this problem before, and a command only writes a valid one. Use an editor to correct several problems.';

/** A value that `validate` calls a secret is not written. One that the file has already prevents no edit. */
function refuseNewSecrets(former: string, text: string): void {
  const secretsOf = (one: string) => secretsInFile(parseYaml(one, 'the new text')).map(({ message }) => message);
  const known = secretsOf(former);
  const message = secretsOf(text).find((each) => !known.includes(each));
  if (message !== undefined) throw new Failure('secret-in-config', `${message}. Nothing was changed`);
}
