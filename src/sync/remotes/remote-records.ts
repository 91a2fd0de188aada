import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { putAside } from '../../core/files.ts';
import { markOfProcess } from '../../core/run-mark.ts';
import { readOwnFile, writeOwnFile } from '../own-file.ts';

/** Former versions recorded the process of the run. */
const processId = z
  .int()
  .positive()
  .transform((pid) => markOfProcess(pid));

const recordSchema = z.strictObject({
  /** The peer that it was added for. */
  peer: z.string(),
  url: z.string(),
  ref: z.string().nullable(),
  /** The mark of the run that added the remote temporarily; null: the remote stays. */
  run: z.union([z.string(), processId]).nullable(),
});
const recordsSchema = z.strictObject({ version: z.literal(1), remotes: z.record(z.string(), recordSchema) });

/** A remote of the database that dolt-federation added. */
export type RemoteRecord = z.infer<typeof recordSchema>;

/** The remotes that dolt-federation added, by name; only these are changed or removed. */
export type RemoteRecords = ReadonlyMap<string, RemoteRecord>;

/** Larger than any number of remotes needs. */
const MAX_BYTES = 16 * 1024 * 1024;

function recordsFile(database: string): string {
  return join(database, '.dolt', 'dolt-federation-remotes.json');
}

/**
 * Reads which remotes dolt-federation added. With an unusable file there are none, so nothing is removed; `warning`
 * gives the reason.
 */
export async function readRemoteRecords(
  database: string,
): Promise<{ readonly records: RemoteRecords; readonly warning: string | null }> {
  const { value, warning } = await readOwnFile(recordsFile(database), MAX_BYTES, recordsSchema);
  return { records: new Map(Object.entries(value?.remotes ?? {})), warning };
}

/**
 * Records which remotes dolt-federation added; without any, there is no file. An unusable file is moved aside, and
 * stays if there is nothing to write.
 * @throws errors of the file system
 */
export async function writeRemoteRecords(database: string, records: RemoteRecords): Promise<void> {
  const isUsable = (await readRemoteRecords(database)).warning === null;
  if (records.size === 0) {
    if (isUsable) await rm(recordsFile(database), { force: true });
    return;
  }
  if (!isUsable) await putAside(recordsFile(database));
  const remotes = Object.fromEntries([...records].sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeOwnFile(recordsFile(database), { version: 1, remotes });
}
