import { devNull } from 'node:os';
import type { Peer } from '../../config/configuration.ts';
import type { Env } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { createEngineCredentials, type EngineCredentials } from '../../dolt/engine-credentials.ts';
import type { Credential } from '../credential.ts';
import { inherited, type Job } from '../job.ts';

/** Addresses that only the job can set, not a configuration. */
const ADDRESSES = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL_DYNAMODB', 'AWS_REGION', 'AWS_CA_BUNDLE'];
/** The variables that AWS clients read: keys, a profile, or a workflow identity token. */
const AMBIENT = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
];

/**
 * Dolt needs the region of a bucket before it sends anything; a profile or a role of the machine may define it.
 * @throws Failure `config-invalid` if none is set
 */
export function requireRegion({ name, aws, endpoint, origin }: Peer, credential: Credential | null, env: Env): void {
  if (endpoint.kind !== 's3' && endpoint.kind !== 'aws') return;
  const query = endpoint.dolt.includes('?') ? endpoint.dolt.slice(endpoint.dolt.indexOf('?')) : '';
  const isSet = aws?.region != null || env['AWS_REGION'] !== undefined || new URLSearchParams(query).has('region');
  const mayBeSet = aws?.profile != null || env['AWS_PROFILE'] !== undefined || credential?.instanceRole === true;
  if (isSet || mayBeSet) return;
  throw new Failure('config-invalid', `${name} has no AWS region`, {
    hint: `Set \`aws: {region: …}\` in the entry of ${name}, or the variable AWS_REGION.`,
    location: origin.layer === 'file' ? origin.location : undefined,
  });
}

/** Hides the user's own files: their keys were given for other purposes. */
const NO_FILES = { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull };

/**
 * S3, with or without DynamoDB. Keys of the job are sent to Amazon or to the service that the job names, never to an
 * address of the configuration.
 * @throws Failure `credential-url-mismatch` if only the job has keys and the peer names another service
 */
export function awsCredentials(peer: Peer, credential: Credential | null, job: Job): EngineCredentials {
  const addresses = inherited(job.env, ADDRESSES);
  const own = awsAddress(peer);
  const keys = credential === null ? jobCredentials(peer, job) : { ...NO_FILES, ...ofCredential(credential) };
  return createEngineCredentials({ variables: () => ({ ...addresses, ...own, ...keys }) });
}

/** The variables for the service that the configuration of a peer names. */
export function awsAddress({ aws }: Pick<Peer, 'aws'>): Readonly<Record<string, string>> {
  return {
    ...(aws?.region == null ? {} : { AWS_REGION: aws.region }),
    ...(aws?.endpoint == null ? {} : { AWS_ENDPOINT_URL_S3: aws.endpoint }),
    // Many S3-compatible services do not support the checksums that newer clients send by default.
    ...(aws?.endpoint == null ? {} : { AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required' }),
  };
}

function ofCredential({ secret, instanceRole }: Credential): Readonly<Record<string, string>> {
  const role = instanceRole ? { AWS_EC2_METADATA_DISABLED: 'false' } : {};
  if (secret.kind !== 'aws') return role;
  return {
    ...role,
    AWS_ACCESS_KEY_ID: secret.accessKeyId,
    AWS_SECRET_ACCESS_KEY: secret.secretAccessKey,
    ...(secret.sessionToken === null ? {} : { AWS_SESSION_TOKEN: secret.sessionToken }),
  };
}

function jobCredentials(peer: Peer, job: Job): Readonly<Record<string, string>> {
  const found = {
    ...inherited(job.env, AMBIENT),
    ...(peer.aws?.profile == null ? {} : { AWS_PROFILE: peer.aws.profile }),
  };
  const endpoint = peer.aws?.endpoint ?? null;
  if (endpoint === null || isForJob(endpoint, job.env)) return found;
  if (Object.keys(found).length === 0) return NO_FILES;
  throw new Failure(
    'credential-url-mismatch',
    `${peer.name} uses the service ${endpoint}, but the AWS credentials of the job are only for Amazon`,
    { hint: `Add credentials for ${peer.name}, with this service as \`aws-endpoint\`.` },
  );
}

/**
 * A service address without its path, for comparison.
 * @returns null for anything but `https://host` and `http://host`
 */
export function serviceOf(written: string): string | null {
  if (!/^https?:\/\/[^/?#@\s]+\/?$/i.test(written) || !URL.canParse(written)) return null;
  return new URL(written).origin;
}

/**
 * The names of Amazon's S3, region and VPC endpoint included (AWS General Reference, "Amazon S3 endpoints and quotas").
 * Other services of the same domains run code of their customers: `execute-api`, `ec2-…compute`, `elb`, `lambda-url`.
 */
export const AMAZON_REGION = '[a-z]{2}(?:-[a-z]+)+-[0-9]';
export const AMAZON_S3_HOST = `(?:(?:bucket|accesspoint)\\.vpce-[0-9a-z-]+\\.)?s3(?:-fips)?(?:[.-]${AMAZON_REGION}|\\.dualstack\\.${AMAZON_REGION})?(?:\\.vpce)?\\.(?:amazonaws\\.com|amazonaws\\.com\\.cn|api\\.aws)`;
const AMAZON_S3 = new RegExp(`^https://${AMAZON_S3_HOST}$`);

/** Whether a service address is Amazon's own S3. */
function isAmazonS3(written: string): boolean {
  const service = serviceOf(written);
  return service !== null && AMAZON_S3.test(service);
}

/** Whether the job's AWS credentials may be sent there: to Amazon, or to the service that the job names. */
export function isForJob(written: string, env: Env): boolean {
  const service = serviceOf(written);
  return isAmazonS3(written) || (service !== null && service === serviceOf(env['AWS_ENDPOINT_URL_S3'] ?? ''));
}
