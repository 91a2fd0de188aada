import { type EngineKit, engineKit } from '../dolt/engine-kit.ts';
import type { Credential } from './credential.ts';
import { inherited, type Job } from './job.ts';

const AMBIENT = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'AZURE_FEDERATED_TOKEN_FILE'];

/** Azure's storage, whose client takes everything from its environment. Not tried against a server. */
export function azureKit(credential: Credential | null, job: Job): EngineKit {
  const secret = credential?.secret;
  const keys =
    secret?.kind === 'azure'
      ? {
          AZURE_TENANT_ID: secret.tenantId,
          AZURE_CLIENT_ID: secret.clientId,
          AZURE_CLIENT_SECRET: secret.clientSecret,
        }
      : credential === null
        ? inherited(job.env, AMBIENT)
        : {};
  return engineKit({ variables: () => keys });
}
