import { ROLE_RIGHTS, type Role, type RoleRights } from '../contract/vocabulary.ts';

/** The commands that work with the peers of a run. */
export type SyncCommand = 'sync' | 'pull' | 'push' | 'backup' | 'status' | 'plan';

/** The actions of a command for one peer. Every participating peer is read: state and verification need its head. */
export interface PeerActions {
  /** Its head may be merged into our branch. */
  readonly merge: boolean;
  /** Our branch is pushed to it. */
  readonly push: boolean;
}

/** The directions that a role allows. */
export function rightsOf(role: Role): RoleRights {
  return ROLE_RIGHTS[role];
}

/** Whether a peer's changes are checked: if it may be merged, and if `status` reports what a merge would do. */
export function isChecked(progress: {
  readonly actions: PeerActions | null;
  readonly peer: { readonly role: Role };
}): boolean {
  if (progress.actions === null) return false;
  return progress.actions.merge || (!progress.actions.push && ROLE_RIGHTS[progress.peer.role].pull);
}

/**
 * The actions of a command for a peer of a role; null: the peer is skipped.
 * @param mayPush if false, `sync` only pulls
 * @param isNamed whether the user named the peer; `backup` then pushes to any role that takes pushes
 */
export function actionsOf(command: SyncCommand, role: Role, mayPush = true, isNamed = false): PeerActions | null {
  const rights = ROLE_RIGHTS[role];
  switch (command) {
    // A plan is the dry run of a sync.
    case 'plan':
    case 'sync':
      if (!mayPush) return actionsOf('pull', role);
      return rights.inSync ? { merge: rights.pull, push: rights.push } : null;
    case 'pull':
      return rights.pull ? { merge: true, push: false } : null;
    case 'push':
      return rights.push ? { merge: false, push: true } : null;
    case 'backup':
      if (rights.push && (rights.inBackup || isNamed)) return { merge: false, push: true };
      // Only read.
      return role === 'primary' ? { merge: false, push: false } : null;
    case 'status':
      return { merge: false, push: false };
  }
}
