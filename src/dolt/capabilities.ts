import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../core/failure.ts';
import { makeFolders, readSmallText, writeFileAtomic } from '../core/files.ts';
import { classify } from './failure-text.ts';
import { type PrivateRunContext, runPrivately } from './private-run.ts';

interface CapabilitiesContext extends PrivateRunContext {
  /** Root of the tool cache; absolute. */
  readonly toolCacheDir: string;
}

/**
 * Dolt contacts no host for this URL: 2.3.0 does not know the scheme, and later versions refuse the parameter before
 * the first request (dbfactory/s3.go, measured on 2.3.0 and 2.3.1-dev).
 */
const S3_PROBE = 's3://probe/probe?dolt-federation-probe=1';
const COMMITTER_PROBE = "SHOW VARIABLES LIKE 'dolt\\_committer\\_%'";
/** Variables that make a merge commit a function of its heads. */
const COMMITTER = ['dolt_committer_name', 'dolt_committer_email', 'dolt_committer_date'];

/**
 * The capabilities of an executable, as it reports them: the version says nothing about builds between releases. The
 * result is cached in the tool cache while the file is unchanged. Contacts no host.
 * @param executable absolute path
 * @throws Failure `dolt-not-found` if it is not a Dolt, `interrupted`
 */
export async function doltCapabilities(executable: string, context: CapabilitiesContext): Promise<Capabilities> {
  const known = await readCapabilities(executable, context.toolCacheDir);
  if (known !== null) return known;
  const asked = await askCapabilities(executable, context);
  await storeCapabilities(executable, asked, context.toolCacheDir);
  return asked;
}

/**
 * The same, without the cache.
 * @throws Failure as `doltCapabilities`
 */
export async function askCapabilities(executable: string, context: PrivateRunContext): Promise<Capabilities> {
  const [s3, committer] = await Promise.all([knowsS3(executable, context), setsCommitter(executable, context)]);
  return { s3, committer };
}

async function knowsS3(executable: string, context: PrivateRunContext): Promise<boolean> {
  const { stdout, stderr } = await runPrivately(executable, ['clone', S3_PROBE, 'probe'], context);
  const output = `${stdout}${stderr}`;
  const means = classify(output);
  if (means === 'unsupported-endpoint') return false;
  if (means === 'config-invalid') return true;
  throw new Failure(
    'dolt-not-found',
    `"${executable}" does not report whether it supports s3://: "${output.slice(0, 300)}"`,
  );
}

async function setsCommitter(executable: string, context: PrivateRunContext): Promise<boolean> {
  const { exitCode, stdout } = await runPrivately(executable, ['sql', '-r', 'csv', '-q', COMMITTER_PROBE], context);
  return exitCode === 0 && COMMITTER.every((name) => stdout.includes(name));
}

const capabilitiesSchema = z.strictObject({
  /** Whether it supports `s3://`. */
  s3: z.boolean(),
  /** Whether a session can set committer and date. */
  committer: z.boolean(),
});
/** Capabilities that not every Dolt has. */
export type Capabilities = Readonly<z.infer<typeof capabilitiesSchema>>;

/** Increase the number with every new capability to invalidate cached results. */
const FOLDER = 'dolt-capabilities-1';

/** The cached capabilities; null if there are none, or if the file has changed since. */
async function readCapabilities(executable: string, toolCacheDir: string): Promise<Capabilities | null> {
  try {
    const text = await readSmallText(await entry(executable, toolCacheDir));
    return capabilitiesSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Caches the capabilities. If that fails, they are read again next time. */
async function storeCapabilities(executable: string, known: Capabilities, toolCacheDir: string): Promise<void> {
  try {
    const file = await entry(executable, toolCacheDir);
    await makeFolders(join(toolCacheDir, FOLDER));
    await writeFileAtomic(file, `${JSON.stringify(known)}\n`);
  } catch {
    // The tool cache may be read-only.
  }
}

/** Path, size and modification time identify a build without reading 170 MB. */
async function entry(executable: string, toolCacheDir: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(executable);
  const key = createHash('sha256')
    .update(JSON.stringify([executable, size, mtimeMs, ino]))
    .digest('hex');
  return join(toolCacheDir, FOLDER, `${key}.json`);
}
