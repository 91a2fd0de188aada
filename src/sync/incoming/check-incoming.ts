import { ERRORS } from '../../contract/error-codes.ts';
import type { BlockedRow } from '../../contract/result.ts';
import type { Accept } from '../../contract/vocabulary.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure } from '../../core/failure.ts';
import { listed } from '../../core/text.ts';
import { inboxSender } from '../inbox.ts';
import { type Finding, incomingFindings } from './findings.ts';
import type { IncomingChanges } from './incoming-changes.ts';

/** The changes that one peer may bring. */
export interface IncomingRules {
  readonly peer: string;
  readonly accept: readonly Accept[];
  /** Percent of a table's rows, 0 to 100. */
  readonly maxDelete: number;
}

export interface Verdict {
  /** null: the head may be merged. */
  readonly failure: Failure | null;
  /** The first of the rows that caused the failure. */
  readonly held: readonly BlockedRow[];
  readonly notices: readonly Diagnostic[];
}

/** The name of the primary if `federation.remote` is a plain address; only a mapping can hold `accept`. */
const UNMAPPED = 'origin';

/** Decides whether a peer's head may be merged or fast-forwarded to, based on its changes. */
export function checkIncoming(incoming: IncomingChanges, rules: IncomingRules): Verdict {
  const findings = incomingFindings(incoming, rules.maxDelete);
  const refused = findings.filter(
    ({ acceptedBy }) => acceptedBy.length === 0 || !acceptedBy.every((one) => rules.accept.includes(one)),
  );
  const accepted = findings.filter((finding) => !refused.includes(finding));
  return {
    failure: failureOf(refused, rules),
    held: refused.flatMap(({ rows }) => rows),
    notices: [
      ...accepted.map(({ code, text }) => ({
        ...notice(code, `${rules.peer} ${text}, which its \`accept\` allows`),
        hint: 'Remove the word from `federation.peers.<peer>.accept` if it is no longer needed.',
      })),
      ...noticesOf(incoming, rules.peer),
    ],
  };
}

function failureOf(refused: readonly Finding[], { peer, accept }: IncomingRules): Failure | null {
  const [first] = refused;
  if (first === undefined) return null;
  const reported = refused.map(({ text }) => `${peer} ${text}`).join('\n');
  const missing = [...new Set(refused.flatMap(({ acceptedBy }) => acceptedBy))].filter((one) => !accept.includes(one));
  const never = refused.find(({ acceptedBy }) => acceptedBy.length === 0);
  if (never !== undefined) return new Failure(never.code, `${reported}\n${nothingDone(peer)}`);
  const special = refused.find((finding) => finding.hint !== undefined)?.hint;
  const isOne = missing.length === 1 || (refused.length === 1 && special !== undefined);
  const hint = isOne ? (special ?? ERRORS[first.code].hint) : acceptHint(missing);
  const where = placeOfAccept(peer);
  return new Failure(first.code, `${reported}\n${nothingDone(peer)}`, {
    hint: `${hint}${where}`,
  });
}

export function nothingDone(peer: string): string {
  return `Nothing was merged from or pushed to ${peer}.`;
}

function placeOfAccept(peer: string): string {
  const sender = inboxSender(peer);
  if (sender !== null) return ` A delivery uses the settings of the peer ${sender}.`;
  return peer === UNMAPPED
    ? ' `federation.remote` has no such key: write the primary as a peer with `role: primary`.'
    : '';
}

function acceptHint(missing: readonly Accept[]): string {
  return `Review each change in a clone of the peer. To accept all of them, set \`federation.peers.<peer>.accept: [${missing.join(', ')}]\`.`;
}

function noticesOf(incoming: IncomingChanges, peer: string): Diagnostic[] {
  const quiet = incoming.definitions.filter(({ kind, change }) => kind === 'view' || change === 'removed');
  const names = quiet.map(({ kind, name, change }) => `${kind} ${name}, ${change}`);
  return [
    ...incoming.migrations
      .filter(({ ours, theirs }) => incoming.versions === null || Number(theirs) < Number(ours))
      .map(
        ({ table, ours, theirs }): Diagnostic => ({
          severity: 'warning',
          code: 'schema-skew',
          message: `${peer} is at migration ${theirs} in ${table}, but this database is at ${ours}`,
        }),
      ),
    ...(names.length === 0 ? [] : [notice('peer-brings-views', `${peer} changes ${listed('definition', names)}`)]),
    ...(incoming.collation
      ? [notice('definitions-differ', `${peer} changes the character set or collation of new tables`)]
      : []),
    ...(incoming.redefined.length === 0
      ? []
      : [notice('definitions-differ', `${peer} changes the definition of ${listed('table', incoming.redefined)}`)]),
  ];
}

function notice(code: Diagnostic['code'], message: string): Diagnostic {
  return { severity: 'notice', code, message };
}
