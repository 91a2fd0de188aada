import type { Peer } from '../config/configuration.ts';
import { type EngineKit, engineKit } from '../dolt/engine-kit.ts';
import type { Credential } from './credential.ts';
import { gitTransport } from './fitting.ts';
import type { Job } from './job.ts';
import { gitTokenHeader } from './secret-texts.ts';
import { sshKit } from './ssh-kit.ts';

/**
 * Git remotes. One engine serves one ref of a repository only: with two, what is pushed to the second lands at the first
 * (Dolt 2.3.0), so peers with different refs are kept apart.
 */
export function gitKit(peer: Peer, credential: Credential | null, job: Job): EngineKit {
  const kit = gitTransport(peer.endpoint) === 'ssh' ? sshKit('git', credential, job) : overHttp(peer, credential);
  return engineKit({ ...kit, apart: `git ref ${peer.ref ?? ''}` });
}

/**
 * A token goes into a header for this repository alone. Helpers that the user's own git would ask are not asked then: the
 * peer's credential is the only one meant for it.
 */
function overHttp({ endpoint }: Peer, credential: Credential | null): EngineKit {
  const traits = { startsPrograms: true, forgetful: true };
  // A redirect would go to a host that nobody chose, and carry the header of a token along.
  const own = [['http.followRedirects', 'false']] as const;
  const secret = credential?.secret;
  if (secret?.kind !== 'git-token') return engineKit({ ...traits, git: own });
  const url = endpoint.dolt.replace(/^git\+/, '');
  return engineKit({
    ...traits,
    git: [
      ...own,
      ['credential.helper', ''],
      [`http.${url}.extraHeader`, `Authorization: Basic ${gitTokenHeader(secret.token)}`],
    ],
  });
}
