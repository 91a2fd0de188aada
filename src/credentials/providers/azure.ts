import type { Peer } from '../../config/configuration.ts';
import { Failure } from '../../core/failure.ts';
import { createEngineCredentials, type EngineCredentials } from '../../dolt/engine-credentials.ts';
import type { Credential } from '../credential.ts';
import { inherited, type Job } from '../job.ts';

const AMBIENT = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'AZURE_FEDERATED_TOKEN_FILE'];
/** Dolt's endpoint contains the host: az://ACCOUNT.blob.core.windows.net/container/path (2.3.0, dbfactory/az.go). */
const OWN_HOST = /^az:\/\/[^/]+\.blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)\//;
/** Without it, Azure's client tries several sources, including the machine's metadata (azidentity 1.13). */
const ONLY = 'AZURE_TOKEN_CREDENTIALS';

/**
 * Azure's storage; its client reads everything from the environment. Not tested against a server.
 * @throws Failure `credential-url-mismatch` if only the job has credentials and the host is not Azure's own
 */
export function azureCredentials(peer: Peer, credential: Credential | null, job: Job): EngineCredentials {
  const variables = credential === null ? jobCredentials(peer, job) : ofCredential(credential);
  return createEngineCredentials({ variables: () => variables });
}

function ofCredential({ secret }: Credential): Readonly<Record<string, string>> {
  if (secret.kind !== 'azure') return { [ONLY]: 'ManagedIdentityCredential' };
  return {
    [ONLY]: 'EnvironmentCredential',
    AZURE_TENANT_ID: secret.tenantId,
    AZURE_CLIENT_ID: secret.clientId,
    AZURE_CLIENT_SECRET: secret.clientSecret,
  };
}

function jobCredentials(peer: Peer, job: Job): Readonly<Record<string, string>> {
  const found = inherited(job.env, AMBIENT);
  const isOwn = OWN_HOST.test(peer.endpoint.canonical);
  if (Object.keys(found).length === 0) return { [ONLY]: isOwn && job.userHome ? 'dev' : 'EnvironmentCredential' };
  if (isOwn) {
    const federated = found['AZURE_FEDERATED_TOKEN_FILE'] !== undefined;
    return { ...found, [ONLY]: federated ? 'WorkloadIdentityCredential' : 'EnvironmentCredential' };
  }
  throw new Failure(
    'credential-url-mismatch',
    `the host of ${peer.name} does not belong to Azure, but the Azure credentials of the job are only for Azure`,
    { hint: `Add credentials for ${peer.name}.` },
  );
}
