import type { ErrorCode } from '../contract/error-codes.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { namesHost, type Permission, permissionFor, type Reach, type Target, targetText } from './host-rule.ts';

/** Why a connection failed. */
export type ConnectionProblem =
  | { readonly kind: 'host' }
  | { readonly kind: 'plain' }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'unreached'; readonly why: string };

/** Refuses a connection. */
export class Refusal extends Error {
  readonly problem: ConnectionProblem;

  constructor(problem: ConnectionProblem) {
    super(problem.kind);
    this.problem = problem;
  }
}

interface FailedConnection {
  readonly target: Target;
  readonly problem: ConnectionProblem;
  /** Whether it surely belongs to this peer rather than to another one contacted at the same time. */
  readonly isOwn: boolean;
}

/** A remote operation of one peer; the engine may connect to the peer's hosts meanwhile. */
interface Pass {
  readonly reach: Reach;
  readonly failed: FailedConnection[];
}

/** The errors of Dolt and git for a failed connection (Dolt 2.3.0, measured). */
const UNREACHED: readonly ErrorCode[] = ['network', 'unknown'];
/** All errors that a refusal can cause. A failure of any other code has another reason. */
const REFUSED: readonly ErrorCode[] = [...UNREACHED, 'auth', 'timeout'];

/** Limits how many hosts of one server a message lists. */
const MOST_NAMED = 3;

/** The current remote operations of an engine, which decide where it may connect. */
export class Passes {
  readonly #active = new Set<Pass>();
  readonly #onEnd: () => void;

  /** @param onEnd called each time that fewer connections are allowed than before */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get areNone(): boolean {
    return this.#active.size === 0;
  }

  /** @returns null if no current operation needs the target */
  permission(target: Target): Permission | null {
    return permissionFor(
      target,
      [...this.#active].flatMap(({ reach }) => reach),
    );
  }

  /** @throws Refusal */
  require(target: Target): Permission {
    const permission = this.permission(target);
    if (permission === null) throw new Refusal({ kind: 'host' });
    return permission;
  }

  /** Charges the peers whose host it is; for an unknown host, all current peers. */
  record(target: Target, problem: ConnectionProblem): void {
    const reaching = [...this.#active].filter(({ reach }) => reach.length > 0);
    const active = reaching.length > 0 ? reaching : [...this.#active];
    const concerned = active.filter(({ reach }) => namesHost(target, reach));
    const charged = concerned.length > 0 ? concerned : active;
    for (const pass of charged) pass.failed.push({ target, problem, isOwn: charged.length === 1 });
  }

  /**
   * Lets the engine connect to the hosts of one peer until the work ends.
   * @throws Failure `host-not-allowed` if the work failed because of a refusal, `network` if a host was not reached;
   * else the error of the work
   */
  async during<T>(reach: Reach, work: () => Promise<T>): Promise<T> {
    const pass: Pass = { reach, failed: [] };
    this.#active.add(pass);
    try {
      return await work();
    } catch (thrown) {
      throw reasonFor(toFailure(thrown), pass.failed) ?? thrown;
    } finally {
      this.#active.delete(pass);
      this.#onEnd();
    }
  }
}

function reasonFor(failure: Failure, failed: readonly FailedConnection[]): Failure | null {
  const refused = failed.filter(({ problem }) => problem.kind !== 'unreached');
  const own = refused.filter(({ isOwn }) => isOwn);
  if (own.length > 0 && REFUSED.includes(failure.code)) return refusal(own, failure, 'the server of this peer');
  // The refused connection may belong to another peer, so the message mentions all of them.
  if (refused.length > 0 && UNREACHED.includes(failure.code)) {
    return refusal(refused, failure, 'the server of this peer, or of a peer that was contacted at the same time,');
  }
  const unreached = failed.findLast(({ problem, isOwn }) => problem.kind === 'unreached' && isOwn);
  if (unreached === undefined || !UNREACHED.includes(failure.code)) return null;
  return new Failure('network', text(unreached, ''), { cause: failure });
}

function refusal(failed: readonly FailedConnection[], cause: Failure, who: string): Failure {
  const named = [...new Map(failed.map((one) => [text(one, who), one])).entries()].slice(0, MOST_NAMED);
  const hosts = named.flatMap(([, { target, problem }]) => (problem.kind === 'plain' ? [] : [targetText(target)]));
  const hint =
    hosts.length === 0
      ? 'Configure the server to use https addresses. dolt-federation does not leave TLS for a peer over https.'
      : `If the peer owns the host, set \`federation.peers.<peer>.allowed-hosts: ${JSON.stringify(hosts)}\`. Otherwise do not trust its server.`;
  return new Failure('host-not-allowed', `${named.map(([reason]) => reason).join('; ')}; nothing was sent there`, {
    hint,
    cause,
  });
}

function text({ target, problem }: FailedConnection, who: string): string {
  const where = targetText(target);
  switch (problem.kind) {
    case 'host':
      return `${who} names ${where}, which is not a host of the peer`;
    case 'plain':
      return `${who} names ${where} without TLS, although the peer is reached over https`;
    case 'address':
      return `${where} is at ${problem.address}, which is not a public address`;
    case 'unreached':
      return `${where} could not be reached: ${problem.why}`;
  }
}
