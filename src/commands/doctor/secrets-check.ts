import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { ERRORS } from '../../contract/error-codes.ts';
import type { DatabaseFacts } from '../prepare/database-facts.ts';
import { fine, undetermined, warned } from './check.ts';

const SUBJECT = { check: 'secrets' } as const;

/**
 * Whether committed rows hold credentials, which every peer receives. No value is repeated.
 * @param database what was found out about the database; null: there is none
 * @param database.facts null: it was not read
 */
export function checkSecrets(database: { readonly facts: DatabaseFacts | null } | null): readonly DoctorCheck[] {
  if (database === null) return [];
  const { facts } = database;
  if (facts === null)
    return [
      undetermined(SUBJECT, 'the database was not read, so it is unknown whether committed rows contain credentials'),
    ];
  return [
    facts.secrets === null
      ? fine(SUBJECT, 'no credentials found in committed rows')
      : warned(SUBJECT, { ...facts.secrets, hint: ERRORS[facts.secrets.code].hint }),
  ];
}
