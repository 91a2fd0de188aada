import { join } from 'node:path';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { readIfThere } from '../../core/files.ts';

const NAME = /^(?:export\s+)?([\w.]+)\s*(?:=|:\s)/;
const QUOTED = /^(?:'(?:\\'|[^'\\]|\\(?!'))*'|"(?:\\"|[^"\\]|\\(?!"))*")/;

/**
 * The variables in the `.env` of a workspace, which bd 1.3.0 reads beneath those of the process.
 * @param beads `.beads`
 * @throws Failure `config-unreadable`; `config-invalid` for a variable of beads that refers to another one
 */
export async function readEnvFile(beads: string): Promise<Env> {
  const file = join(beads, '.env');
  const text = (await readIfThere(file)) ?? '';
  const variables = text.split(/\r?\n/).flatMap((line, index) => {
    const assignment = assignmentIn(line);
    if (assignment === null) return [];
    const { name, value } = assignment;
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

/** One assignment, read in steps: a pattern of the whole line takes cubic time for many blanks. */
function assignmentIn(line: string): { readonly name: string; readonly value: string } | null {
  const text = line.trim();
  const [start = '', name] = NAME.exec(text) ?? [];
  if (name === undefined) return null;
  const rest = text.slice(start.length).trim();
  const [quoted] = QUOTED.exec(rest) ?? [];
  if (quoted === undefined) return { name, value: (rest.split('#', 1)[0] ?? '').trim() };
  const after = rest.slice(quoted.length).trim();
  return after === '' || after.startsWith('#') ? { name, value: quoted.slice(1, -1) } : null;
}
