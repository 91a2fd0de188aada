import type { Peer } from '../../config/configuration.ts';
import { DOLTHUB_HOST } from '../../config/endpoint/options.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { bindCredential } from '../../credentials/bind.ts';
import type { Credential } from '../../credentials/credential.ts';
import { gitTransport, KIND_WORDS } from '../../credentials/credential.ts';
import type { Job } from '../../credentials/job.ts';
import { isForJob, requireRegion } from '../../credentials/providers/aws.ts';
import { fine, missing, refused, undetermined } from './check.ts';

/**
 * Whether a peer's remote gets a credential; null if that kind of remote takes none. Contacts no host.
 * @param credential the peer's own entry
 */
export function checkCredential(
  job: Job,
  peer: Peer,
  credential: Credential | null,
  dolthubHost: string,
): DoctorCheck | null {
  const { endpoint } = peer;
  const subject = { check: 'credentials', peer: peer.name } as const;
  if (credential !== null) {
    try {
      bindCredential(credential, endpoint, { awsEndpoint: peer.aws?.endpoint ?? null, dolthubHost });
      requireRegion(peer, credential, job.env);
      return fine(subject, `configured: ${KIND_WORDS[credential.secret.kind]}`);
    } catch (thrown) {
      return refused(subject, thrown);
    }
  }
  switch (endpoint.kind) {
    case 'file':
      return null;
    case 'http':
    case 'dolthub':
      return checkHttp(peer, dolthubHost);
    case 's3':
    case 'aws':
      return checkAws(peer, job);
    case 'gs':
      return checkGoogle(peer, job);
    case 'ssh':
      return checkSsh(peer, job);
    case 'git':
      return checkGit(peer, job);
    case 'az':
    case 'oci':
      return undetermined(subject, 'no credentials; dolt-federation does not check this kind of remote');
  }
}

function give(peer: Peer, words: string): string {
  return `Add an entry for ${peer.name} to the credentials, with its \`url\` and ${words}.`;
}

function checkHttp(peer: Peer, dolthubHost: string): DoctorCheck {
  const subject = { check: 'credentials', peer: peer.name } as const;
  if (peer.user !== null) {
    const why = `the user ${peer.user} is configured without a password`;
    return missing(subject, why, give(peer, KIND_WORDS.password));
  }
  const isDolthub = peer.endpoint.kind === 'dolthub' && dolthubHost === DOLTHUB_HOST;
  if (isDolthub && peer.role !== 'upstream') {
    return missing(subject, 'no credentials, and DoltHub requires them for a push', give(peer, KIND_WORDS['dolt-jwk']));
  }
  return undetermined(subject, 'no credentials; fine if the server allows anonymous access');
}

function checkAws(peer: Peer, { env }: Job): DoctorCheck {
  const subject = { check: 'credentials', peer: peer.name } as const;
  const cure = give(peer, KIND_WORDS.aws);
  const service = peer.aws?.endpoint ?? null;
  const profile = peer.aws?.profile ?? env['AWS_PROFILE'];
  const hasKeys = env['AWS_ACCESS_KEY_ID'] !== undefined && env['AWS_SECRET_ACCESS_KEY'] !== undefined;
  const hasRole = env['AWS_WEB_IDENTITY_TOKEN_FILE'] !== undefined && env['AWS_ROLE_ARN'] !== undefined;
  if (!hasKeys && !hasRole && profile === undefined) {
    return missing(subject, 'no credentials, and the job has no AWS credentials', cure);
  }
  if (service !== null && !isForJob(service, env)) {
    return missing(
      subject,
      `no credentials; those of the job are only for Amazon and the service that the job configures, not for ${service}`,
      cure,
    );
  }
  try {
    requireRegion(peer, null, env);
  } catch (thrown) {
    return refused(subject, thrown);
  }
  if (hasKeys || hasRole) return fine(subject, `the ${hasKeys ? 'keys' : 'role'} of the job`);
  return undetermined(subject, `the AWS profile ${profile}, which a run reads when it connects to the peer`);
}

function checkGoogle(peer: Peer, { env }: Job): DoctorCheck {
  const subject = { check: 'credentials', peer: peer.name } as const;
  if (env['STORAGE_EMULATOR_HOST'] !== undefined) return fine(subject, 'the emulator of the job needs none');
  if (env['GOOGLE_APPLICATION_CREDENTIALS'] !== undefined) return fine(subject, 'the credentials of the job');
  const why = 'no credentials, and the job has no GOOGLE_APPLICATION_CREDENTIALS';
  return missing(subject, why, give(peer, KIND_WORDS.google));
}

function checkSsh(peer: Peer, { env, userHome }: Job): DoctorCheck {
  const subject = { check: 'credentials', peer: peer.name } as const;
  if (env['SSH_AUTH_SOCK'] !== undefined) return fine(subject, 'the ssh agent of the job');
  if (userHome) return undetermined(subject, 'no credentials and no ssh agent; your default ssh keys may work');
  return missing(subject, 'no credentials and no ssh agent', give(peer, KIND_WORDS.ssh));
}

function checkGit(peer: Peer, job: Job): DoctorCheck | null {
  switch (gitTransport(peer.endpoint)) {
    case null:
      return null;
    case 'ssh':
      return checkSsh(peer, job);
    case 'git-token': {
      const subject = { check: 'credentials', peer: peer.name } as const;
      const why = 'no credentials; fine for reading a public repository';
      return peer.role === 'upstream'
        ? fine(subject, why)
        : undetermined(subject, `${why}, but a push needs them`, give(peer, KIND_WORDS['git-token']));
    }
  }
}
