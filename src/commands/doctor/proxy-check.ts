import type { Peer } from '../../config/configuration.ts';
import { ENDPOINT_KINDS } from '../../config/endpoint/kinds.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import type { Env } from '../../core/env.ts';
import { peerReach } from '../../credentials/peer-reach.ts';
import type { Target } from '../../egress/host-rule.ts';
import { jobProxyFor } from '../../egress/job-proxy.ts';
import { fine, missing } from './check.ts';

/**
 * Whether the job's own proxy is between an engine and a peer. That proxy resolves host names itself, so runs cannot
 * check addresses. This is reported and needs no fix.
 * @returns null if connections to this peer use no proxy
 */
export function checkProxy(peer: Peer, env: Env): DoctorCheck | null {
  const target = hostOf(peer, env);
  if (target === null) return null;
  const subject = { check: 'proxy', peer: peer.name } as const;
  const job = jobProxyFor(env, 'https', target);
  switch (job.kind) {
    case 'direct':
      return null;
    case 'proxy':
      return fine(
        subject,
        `runs use the job's proxy ${job.url.host}: they check host names but cannot check addresses`,
      );
    case 'unusable':
      return missing(subject, job.why, 'Set an http proxy, or exclude the host of the peer with NO_PROXY.');
  }
}

function hostOf(peer: Peer, env: Env): Target | null {
  const [first] = peerReach(peer, null, env);
  if (first === undefined) return null;
  const host = typeof first.host === 'string' ? first.host : ENDPOINT_KINDS[peer.endpoint.kind].sampleHost;
  return host === null ? null : { host, port: first.port ?? 443 };
}
