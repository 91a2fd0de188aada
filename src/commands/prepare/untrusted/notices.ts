import type { Configuration, Peer } from '../../../config/configuration.ts';
import type { NotContacted } from '../../../contract/result.ts';
import type { Diagnostic } from '../../../core/diagnostic.ts';
import type { SyncRequest } from '../../request.ts';
import type { PeerDecision } from './decide-peers.ts';
import type { OfflinePeer } from './untrusted-settings.ts';

const CODE = 'untrusted-event';

const PLAN_NEEDS =
  'A plan needs a `github-token` with `contents: read`, a checkout of this repository, and a primary that is the same as on the default branch.';

/** No peer was contacted. @param why the reason, after a colon */
export function withoutPlanNotice(why: string, hint: string = PLAN_NEEDS): Diagnostic {
  return {
    severity: 'warning',
    code: CODE,
    message: `dolt-federation does not write on this event, and contacted no peer: ${why}`,
    hint,
  };
}

/** The run only planned. */
export function planNotice({ name }: Peer): Diagnostic {
  return {
    severity: 'notice',
    code: CODE,
    message: `dolt-federation does not write on this event: this is a plan on a temporary clone of ${name}`,
    hint: '',
  };
}

/** The primary is cloned, not the peer that the workflow of a change may have set. */
export function ignoredBootstrap(
  { bootstrap }: SyncRequest,
  used: SyncRequest,
  { peers }: Configuration,
): readonly Diagnostic[] {
  const isPrimary = peers.some(({ name, role }) => name === bootstrap && role === 'primary');
  if (bootstrap === used.bootstrap || isPrimary) return [];
  const message = `\`--bootstrap\` is ignored, because the change may alter the workflow of this event: the primary is cloned, not ${bootstrap}`;
  return [{ severity: 'notice', code: CODE, message, hint: '' }];
}

/** A notice for each peer that was not contacted because of its own settings or credential. */
export function offlineNotices(offline: readonly OfflinePeer[]): readonly Diagnostic[] {
  return offline.flatMap(({ peer, notContacted }) => {
    const why = reasonText(notContacted);
    return why === null ? [] : [peerNotice(peer, `was not contacted: ${why}`)];
  });
}

/** null: the reason concerns the whole run. */
function reasonText({ reason, settings }: NotContacted): string | null {
  switch (reason) {
    case 'new':
      return 'it is not configured on the default branch, or not in the base of the change';
    case 'changed':
      return `it has another ${settings.join(', ')} than on the default branch, or than in the base of the change`;
    case 'workflow':
      return 'an input or a variable sets it, and the change may alter the workflow of this event';
    case 'local':
      return 'it is on this machine, or its address is of this machine';
    case 'credential':
      return 'its credential is missing or malformed';
    case 'unread':
    case 'no-database':
      return null;
  }
}

/** A notice for each peer whose `accept` or `trust` the change alters: the plan does not use these values. */
export function keptNotices(contacted: readonly Extract<PeerDecision, { kind: 'contacted' }>[]): readonly Diagnostic[] {
  return contacted.flatMap(({ peer, kept }) => {
    if (kept.length === 0) return [];
    const settings = kept.join(' and ');
    return [peerNotice(peer, `is planned with its ${settings} of the default branch, not with those of the change`)];
  });
}

/** A notice at the line of a peer. */
function peerNotice({ name, origin }: Peer, text: string): Diagnostic {
  const location = origin.layer === 'file' ? { location: origin.location } : {};
  return { severity: 'notice', code: CODE, message: `${name} ${text}`, hint: '', peer: name, ...location };
}
