import type { Peer } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import type { Credentials } from '../../credentials/credential.ts';
import { ownRepository } from '../../credentials/own-repository.ts';
import type { Context } from '../context.ts';
import { tierRefusal } from '../tier.ts';
import { refused, untold } from './check.ts';
import { checkCredential } from './credential-check.ts';
import { checkFolder } from './folder-check.ts';
import { checkGitRepository } from './git-repository-check.ts';
import { checkKnownHosts } from './known-hosts-check.ts';
import { isOverSsh } from './program-checks.ts';
import { checkProxy } from './proxy-check.ts';

const UNTRUSTED = 'not looked at on an event that may not write';

interface Access {
  readonly credentials: Credentials;
  /** The workflow's own token, for a git peer in its own repository. */
  readonly githubToken: string | undefined;
  readonly dolthubHost: string;
  /** On an event that may not write nothing of this machine is told about paths that a pull request chose. */
  readonly untrusted: boolean;
}

/** What is there and what is missing for one peer. */
export async function checkPeer(peer: Peer, access: Access, context: Context): Promise<readonly DoctorCheck[]> {
  const { credentials, githubToken, dolthubHost } = access;
  const credential = credentials.get(peer.name) ?? ownRepository(peer, context.env, githubToken);
  const job = { ...context, dolthubHost };
  const isHidden = access.untrusted && peer.endpoint.folder !== null;
  const refusal = tierRefusal(peer);
  return [
    refusal === null ? null : refused({ check: 'tier', peer: peer.name }, refusal),
    access.untrusted
      ? untold({ check: 'credentials', peer: peer.name }, UNTRUSTED)
      : checkCredential(peer, credential, job),
    access.untrusted ? null : checkProxy(peer, context.env),
    isOverSsh(peer) ? await checkKnownHosts(peer, credential, context) : null,
    isHidden ? untold({ check: 'folder', peer: peer.name }, UNTRUSTED) : await checkFolder(peer),
    access.untrusted ? null : await checkGitRepository(peer, context),
  ].filter((check) => check !== null);
}
