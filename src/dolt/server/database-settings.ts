import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { readSmall } from '../../core/files.ts';
import { systemVariables } from './config.ts';

const PREFIX = 'sqlserver.global.';
/** Written by every server that opens the database (Dolt 2.3.0). */
const OWN = ['server_uuid'];

const settingsSchema = z.record(z.string(), z.string());

/**
 * The names of persisted server variables that our server's configuration does not override.
 * @param settings the parsed `.dolt/config.json`
 */
export function untrustedSettings(settings: Readonly<Record<string, string>>): string[] {
  const overridden = new Set([...Object.keys(systemVariables('')), ...OWN]);
  return Object.keys(settings)
    .filter((key) => key.startsWith(PREFIX) && !overridden.has(key.slice(PREFIX.length).toLowerCase()))
    .sort();
}

/**
 * Refuses a database whose own settings would change what a server does: any server that opens the folder applies
 * `sqlserver.global.*` in `.dolt/config.json` (measured on Dolt 2.3.0).
 * @throws Failure `untrusted-database-config`, `corrupt`
 */
export async function checkDatabaseSettings(database: string): Promise<void> {
  const file = join(database, '.dolt', 'config.json');
  const found = await readSmall(file);
  if (found.kind === 'refused')
    throw new Failure('corrupt', `${file} cannot be used: ${found.why}`, { location: { file }, cause: found.cause });
  const text = found.kind === 'read' ? found.bytes.toString('utf8') : '';
  if (text.trim() === '') return;
  const untrusted = untrustedSettings(parseSettings(text, file));
  if (untrusted.length > 0) {
    throw new Failure('untrusted-database-config', `${file} sets ${untrusted.join(', ')}`, { location: { file } });
  }
}

function parseSettings(text: string, file: string): Record<string, string> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new Failure('corrupt', `${file} is not JSON`, { location: { file }, cause });
  }
  const parsed = settingsSchema.safeParse(raw);
  if (!parsed.success) throw new Failure('corrupt', `${file} is not a JSON object of strings`, { location: { file } });
  return parsed.data;
}
