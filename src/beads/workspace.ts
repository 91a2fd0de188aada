import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { Failure } from '../core/failure.ts';

/** The keys of `.beads/metadata.json` that say where the database lies (beads of June 2026). */
const metadataSchema = z.looseObject({
  /** `dolt` or, in workspaces made before beads used Dolt, `sqlite`. */
  backend: z.string().optional(),
  /** File name of the SQLite database, or `dolt`. */
  database: z.string().optional(),
  dolt_mode: z.string().optional(),
  dolt_database: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'must be a plain database name')
    .optional(),
  dolt_data_dir: z.string().optional(),
});

/**
 * The folder in which a beads workspace keeps its database, whether or not it exists.
 * @param workspace absolute path of `.beads`
 * @returns null where `metadata.json` is absent
 * @throws Failure `config-invalid` for a metadata.json that cannot be understood, `database-in-use` for a workspace that
 * keeps its issues in SQLite
 */
export async function beadsDatabase(workspace: string): Promise<string | null> {
  const file = join(workspace, 'metadata.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const metadata = parseMetadata(text, file);
  requireDolt(metadata, workspace);
  const { dolt_mode, dolt_database, dolt_data_dir } = metadata;
  const name = dolt_database ?? 'beads';
  if (dolt_mode !== 'server') return join(workspace, 'embeddeddolt', name);
  const dataDir = dolt_data_dir ?? 'dolt';
  return join(isAbsolute(dataDir) ? dataDir : resolve(workspace, dataDir), name);
}

type Metadata = z.infer<typeof metadataSchema>;

/** Only a Dolt database can be federated; a SQLite file is bd's own. */
function requireDolt({ backend, database }: Metadata, workspace: string): void {
  const isSqlite = backend === undefined ? database?.endsWith('.db') === true : backend.toLowerCase() === 'sqlite';
  if (!isSqlite) return;
  throw new Failure(
    'database-in-use',
    `federation requires direct database access to Dolt, but ${workspace} keeps its issues in SQLite`,
    { hint: 'Move the workspace to Dolt with `bd migrate`, or name a Dolt database with `--database`.' },
  );
}

function parseMetadata(text: string, file: string): Metadata {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new Failure('config-invalid', `${file} is not JSON`, { location: { file }, cause });
  }
  const parsed = metadataSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Failure('config-invalid', `${file}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, {
    location: { file },
  });
}
