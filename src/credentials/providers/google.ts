import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../core/failure.ts';
import { parsedJson } from '../../core/json.ts';
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

const schema = z.looseObject({ type: z.string().min(1), private_key: z.string().optional() });

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

/** The PEM key in such JSON, with decoded line breaks; null if there is none. */
export function googlePrivateKey(json: string): string | null {
  return readGoogleJson(json)?.private_key ?? null;
}

function readGoogleJson(text: string): z.infer<typeof schema> | null {
  return schema.safeParse(parsedJson(text)).data ?? null;
}
