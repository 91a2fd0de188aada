import { join } from 'node:path';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { readIfThere } from '../../core/files.ts';

const LINE = /^\s*(?:export\s+)?([\w.]+)(?:\s*=\s*|:\s+)('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|[^#\n]*)?\s*(?:#.*)?$/;

/**
 * The variables in the `.env` of a workspace, which bd 1.3.0 reads beneath those of the process.
 * @param beads `.beads`
 * @throws Failure `config-unreadable`; `config-invalid` for a variable of beads that refers to another one
 */
export async function readEnvFile(beads: string): Promise<Env> {
  const file = join(beads, '.env');
  const text = (await readIfThere(file)) ?? '';
  const variables = text.split(/\r?\n/).flatMap((line, index) => {
    const [, name, written = ''] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const value = written.trim().replace(/^(['"])(.*)\1$/s, '$2');
    if (/^(?:BD|BEADS)_/.test(name) && value.includes('$')) {
      throw new Failure('config-invalid', `${name} contains \`$\`, which is not expanded here`, {
        hint: 'Write the value out.',
        location: { file, line: index + 1 },
      });
    }
    return value === '' ? [] : [[name, value] as const];
  });
  return Object.fromEntries(variables);
}
