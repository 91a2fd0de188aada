import { join } from 'node:path';
import { z } from 'zod';
import { Failure, type Location } from '../core/failure.ts';
import { readIfThere } from '../core/files.ts';

/** The keys of `.beads/metadata.json` that define where the database is (bd 1.3.0). */
const metadataSchema = z.looseObject({
  /** `dolt`, absent, or what bd refuses: `postgres`, `mysql`, `sqlite`. */
  backend: z.string().optional(),
  /** `dolt`; an absolute path is the data folder of a server; before Dolt the file name of the SQLite database. */
  database: z.string().optional(),
  sqlite_path: z.string().optional(),
  dolt_mode: z.string().optional(),
  dolt_database: z
    .string()
    .regex(/^(?:[^./\\\p{Cc}][^/\\\p{Cc}]*)?$/u, 'must be a plain database name')
    .optional(),
  dolt_data_dir: z.string().optional(),
  dolt_server_host: z.string().optional(),
  dolt_server_port: z.union([z.number(), z.string()]).optional(),
  dolt_server_socket: z.string().optional(),
  dolt_server_user: z.string().optional(),
  dolt_server_tls: z.boolean().optional(),
  dolt_remotesapi_port: z.number().optional(),
  project_id: z.string().optional(),
});
export type Metadata = z.infer<typeof metadataSchema>;

/** The content of a `metadata.json`, with positions. */
export interface MetadataFile {
  readonly values: Metadata;
  at(key: keyof Metadata): Location;
}

/**
 * The `metadata.json` of a workspace; without one, the `config.json` of an old bd, which bd 1.3.0 renames.
 * @param workspace absolute path of `.beads`
 * @returns null if there is neither
 * @throws Failure `config-invalid`, `config-unreadable`
 */
export async function readMetadata(workspace: string): Promise<MetadataFile | null> {
  for (const name of ['metadata.json', 'config.json']) {
    const file = join(workspace, name);
    const text = await readIfThere(file);
    if (text === null) continue;
    const line = (key: string): number => text.split('\n').findIndex((one) => one.includes(`"${key}"`)) + 1;
    return { values: parse(text, file), at: (key) => ({ file, line: line(String(key)) || undefined }) };
  }
  return null;
}

const RESTORE = 'bd writes this file. Restore it from git or a backup, or correct it by hand.';

function parse(text: string, file: string): Metadata {
  const parsed = metadataSchema.safeParse(parsedBdJson(text, file, Object.keys(metadataSchema.shape)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Failure('config-invalid', `${file}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, {
    hint: RESTORE,
    location: { file },
  });
}

/**
 * The value of a JSON file of bd. bd 1.3.0 (Go) heeds a key in any letter case, the last one of several, and merges two
 * objects of one key; JavaScript does not, so both are refused.
 * @param known the keys that are read, of all objects in the file
 * @throws Failure `config-invalid`
 */
export function parsedBdJson(text: string, file: string, known: readonly string[]): unknown {
  const refuse = (message: string, line?: number, cause?: unknown) =>
    new Failure('config-invalid', `${file} ${message}`, { hint: RESTORE, location: { file, line }, cause });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw refuse('is not JSON', undefined, cause);
  }
  const open: Set<string>[] = [];
  for (const { 0: token, 1: key, index } of text.matchAll(KEY_OR_BRACE)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    if (key === undefined) continue;
    const name = String(JSON.parse(key));
    const meant = known.find((one) => one === folded(name));
    if (meant === undefined) continue;
    const line = text.slice(0, index).split('\n').length;
    if (name !== meant) throw refuse(`has the key ${JSON.stringify(name)}, which bd reads as ${meant}`, line);
    if (open.at(-1)?.has(meant) === true) throw refuse(`has the key ${meant} twice`, line);
    open.at(-1)?.add(meant);
  }
  return raw;
}

/** In valid JSON: a key, any other text, or a brace. */
const KEY_OR_BRACE = /("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g;

/** A key as Go compares it: the long s and the sign for kelvin count as letters, too. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}
