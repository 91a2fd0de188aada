import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { Failure } from '../core/failure.ts';

/** The keys of `.beads/metadata.json` that say where the database lies (beads of June 2026). */
const metadataSchema = z.looseObject({
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
 * @throws Failure `config-invalid` for a metadata.json that cannot be understood
 */
export async function beadsDatabase(workspace: string): Promise<string | null> {
  const file = join(workspace, 'metadata.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const { dolt_mode, dolt_database, dolt_data_dir } = parseMetadata(text, file);
  const name = dolt_database ?? 'beads';
  if (dolt_mode !== 'server') return join(workspace, 'embeddeddolt', name);
  const dataDir = dolt_data_dir ?? 'dolt';
  return join(isAbsolute(dataDir) ? dataDir : resolve(workspace, dataDir), name);
}

function parseMetadata(text: string, file: string): z.infer<typeof metadataSchema> {
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
