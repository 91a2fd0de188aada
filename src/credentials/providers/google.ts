import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { parsedJson } from '../../core/json.ts';
import { LEAST_SECRET } from '../../core/secrets.ts';
import { createEngineCredentials, type EngineCredentials } from '../../dolt/engine-credentials.ts';
import type { Credential } from '../credential.ts';
import { inherited, type Job } from '../job.ts';

const FILE = 'google.json';
const AMBIENT = ['GOOGLE_APPLICATION_CREDENTIALS'];
/** An address that only the job can set. With it, Google's client uses no credentials. */
const ADDRESSES = ['STORAGE_EMULATOR_HOST'];
/** An address without a listener: Google's client otherwise uses the machine's metadata service (compute/metadata). */
const NO_METADATA = { GCE_METADATA_HOST: '127.0.0.1:1' };

/** Google's storage, at the provider's address or at an emulator of the job. */
export function googleCredentials(credential: Credential | null, job: Job): EngineCredentials {
  const secret = credential?.secret;
  const addresses = { ...(credential?.instanceRole === true ? {} : NO_METADATA), ...inherited(job.env, ADDRESSES) };
  if (secret?.kind === 'google') {
    return createEngineCredentials({
      files: { [FILE]: secret.json },
      variables: (privateDir) => ({ ...addresses, GOOGLE_APPLICATION_CREDENTIALS: join(privateDir, FILE) }),
    });
  }
  const keys = credential === null ? inherited(job.env, AMBIENT) : {};
  return createEngineCredentials({ variables: () => ({ ...addresses, ...keys }) });
}

const schema = z.looseObject({ type: z.string().min(1) });

/**
 * Credentials of Google's clients (https://cloud.google.com/docs/authentication, "application default credentials").
 * @throws Failure `config-invalid` without any of the text
 */
export function checkGoogleJson(text: string, label: string): string {
  if (readGoogleJson(text) !== null) return text.trim();
  throw new Failure('config-invalid', `${label} is not JSON of Google, which is an object with a \`type\``, {
    hint: 'Use the unchanged file from Google, preferably through {env: NAME}.',
  });
}

/** The fields of such JSON that are addresses, names and kinds. Every other text in it is a secret. */
const PUBLIC = new Set([
  ...['type', 'project_id', 'quota_project_id', 'universe_domain', 'account', 'client_id', 'client_email'],
  ...['auth_uri', 'token_uri', 'auth_provider_x509_cert_url', 'client_x509_cert_url', 'revoke_url', 'token_url'],
  ...['token_info_url', 'audience', 'subject_token_type', 'service_account_impersonation_url', 'scopes', 'delegates'],
  ...['workforce_pool_user_project', 'file', 'environment_id', 'region_url', 'regional_cred_verification_url'],
  ...['imdsv2_session_token_url', 'subject_token_field_name', 'output_file', 'certificate_config_location'],
]);

/** The secrets in such JSON, at any depth, with decoded line breaks. */
export function googleSecrets(json: string): readonly string[] {
  return secretsIn(readGoogleJson(json));
}

function secretsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.length < LEAST_SECRET ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (PUBLIC.has(name) ? [] : secretsIn(inner)));
}

function readGoogleJson(text: string): z.infer<typeof schema> | null {
  return schema.safeParse(parsedJson(text)).data ?? null;
}
