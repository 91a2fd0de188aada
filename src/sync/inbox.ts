import type { InboxRule } from '../config/configuration.ts';
import { isDatabaseName } from '../config/value-schemas.ts';
import { INBOX_BRANCH } from '../contract/vocabulary.ts';
import { shortDigest } from '../core/digest.ts';

/**
 * A push to the branch that a running Dolt server works on replaces its working set: ignored tables are emptied there, and
 * any uncommitted row refuses it (Dolt 2.3.0, measured). A push to another branch leaves the working set alone. So commits
 * are delivered to a branch of their own, `inbox/<sender>-<8 digits>`, which the receiving side merges.
 */
const PREFIX = 'inbox/';
const DIGITS = 8;

/**
 * The branch that one database delivers to.
 * @param sender the name of that database
 * @param root the first commit of its history; databases of one name in different federations get different branches
 */
export function inboxBranch(sender: string, root: string): string {
  return `${PREFIX}${sender}-${shortDigest(`${root}\n${sender}`, DIGITS)}`;
}

/** The sender of a delivery; null if the branch is not an inbox. */
export function inboxSender(branch: string): string | null {
  const sender = INBOX_BRANCH.exec(branch)?.[1];
  return sender !== undefined && isDatabaseName(sender) ? sender : null;
}

export interface Inbox {
  readonly branch: string;
  readonly sender: string;
}

/** The inbox branches of a database, by how they are handled. */
export interface Inboxes {
  readonly merged: readonly Inbox[];
  /** Well-formed, but not merged by the configuration. */
  readonly unread: readonly string[];
  /** Branches below `inbox/` with a malformed name. */
  readonly malformed: readonly string[];
}

/** @param branches all branches of the database except the federated one */
export function sortInboxes(branches: readonly string[], rule: InboxRule): Inboxes {
  const below = branches.filter((branch) => branch.startsWith(PREFIX)).toSorted();
  const inboxes = below.flatMap((branch) => {
    const sender = inboxSender(branch);
    return sender === null ? [] : [{ branch, sender }];
  });
  const isRead = ({ sender }: Inbox): boolean => (typeof rule === 'boolean' ? rule : rule.includes(sender));
  return {
    merged: inboxes.filter(isRead),
    unread: inboxes.filter((inbox) => !isRead(inbox)).map(({ branch }) => branch),
    malformed: below.filter((branch) => inboxSender(branch) === null),
  };
}

/** A refused head restarts the fold, so the cost grows with the square of their number. */
export const MAX_INBOXES = 20;

/**
 * The deliveries that one run merges, because anyone who can push to the database can make any number of them. Those that
 * are expected always take part. If there are too many others, chance decides, so that none waits for ever.
 * @param expected the branches that configured peers deliver to
 */
export function takeInboxes(
  inboxes: readonly Inbox[],
  expected: ReadonlySet<string>,
): { readonly taken: readonly Inbox[]; readonly waiting: number } {
  const others = inboxes.filter(({ branch }) => !expected.has(branch));
  const drawn = others
    .map((inbox) => ({ inbox, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, MAX_INBOXES)
    .map(({ inbox }) => inbox);
  const taken = inboxes.filter((inbox) => expected.has(inbox.branch) || drawn.includes(inbox));
  return { taken, waiting: inboxes.length - taken.length };
}

/** How a commit to deliver relates to the branches of a running database. */
export interface DeliveryFacts {
  /** Its own branch contains the commit. */
  readonly inBranch: boolean;
  /** Our inbox branch there contains the commit. */
  readonly inInbox: boolean;
  /** The commit contains all of our inbox branch, or there is none. */
  readonly containsInbox: boolean;
  /** Its own branch contains all of our inbox branch: it was merged, and is not removed yet. */
  readonly inboxMerged: boolean;
}

/**
 * How to handle a delivery. `received`: merged there already · `delivered`: waiting in the inbox · `deliver`: a
 * fast-forward of the inbox · `pull-first`: the inbox was merged there, and that merge is missing here · `rewritten`:
 * the inbox has commits that neither side's branch contains.
 */
export type DeliveryVerdict = 'received' | 'delivered' | 'deliver' | 'pull-first' | 'rewritten';

export function deliveryVerdict(facts: DeliveryFacts): DeliveryVerdict {
  if (facts.inBranch) return 'received';
  if (facts.inInbox) return 'delivered';
  if (facts.containsInbox) return 'deliver';
  return facts.inboxMerged ? 'pull-first' : 'rewritten';
}
