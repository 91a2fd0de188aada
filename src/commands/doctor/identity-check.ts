import type { Configuration } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { userIdentity } from '../../dolt/identity.ts';
import type { Context } from '../context.ts';
import { fine, refused } from './check.ts';

const SUBJECT = { check: 'identity' } as const;

/**
 * In whose name a run would commit uncommitted changes.
 * @param database its folder; null: it is not on this machine
 * @returns nothing if runs commit none
 */
export async function checkIdentity(
  database: string | null,
  { dirty }: Pick<Configuration, 'dirty'>,
  context: Context,
): Promise<readonly DoctorCheck[]> {
  if (dirty.value !== 'commit') return [];
  try {
    const { name, email } = await userIdentity(database, context);
    return [fine(SUBJECT, `uncommitted changes are committed by ${name} <${email}>`)];
  } catch (thrown) {
    return [refused(SUBJECT, thrown)];
  }
}
