import { join } from 'node:path';
import { type EngineKit, engineKit } from '../dolt/engine-kit.ts';
import type { Credential } from './credential.ts';
import { inherited, type Job } from './job.ts';

const FILE = 'google.json';
const AMBIENT = ['GOOGLE_APPLICATION_CREDENTIALS'];
/** An address, which the job alone can set. With it Google's client asks for no credentials. */
const ADDRESSES = ['STORAGE_EMULATOR_HOST'];
/** Where nobody listens: Google's client otherwise asks the machine's metadata service (compute/metadata). */
const NO_METADATA = { GCE_METADATA_HOST: '127.0.0.1:1' };

/** Google's storage. The address is the provider's own, or an emulator of the job's. */
export function googleKit(credential: Credential | null, job: Job): EngineKit {
  const secret = credential?.secret;
  const addresses = { ...(credential?.instanceRole === true ? {} : NO_METADATA), ...inherited(job.env, ADDRESSES) };
  if (secret?.kind === 'google') {
    return engineKit({
      files: { [FILE]: secret.json },
      variables: (privateDir) => ({ ...addresses, GOOGLE_APPLICATION_CREDENTIALS: join(privateDir, FILE) }),
    });
  }
  const keys = credential === null ? inherited(job.env, AMBIENT) : {};
  return engineKit({ variables: () => ({ ...addresses, ...keys }) });
}
