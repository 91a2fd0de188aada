import type { ErrorCode } from '../contract/error-codes.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { type Permission, parseTarget, permissionFor, type Reach, type Target, targetText } from './host-rule.ts';

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
}

/** A remote operation of one peer; the engine may connect to the peer's hosts meanwhile. */
interface Pass {
  readonly reach: Reach;
  /** While it ran, also those of other operations of the engine. */
  readonly failed: FailedConnection[];
  /** The hosts of the peer that ended a connection before the engine did. */
  readonly ended: Target[];
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
  readonly #mayLackAnswer: (failure: Failure) => boolean;

  /**
   * @param onEnd called each time that fewer connections are allowed than before
   * @param mayLackAnswer whether Dolt also fails like this if a connection ends without an answer
   */
  constructor(onEnd: () => void, mayLackAnswer: (failure: Failure) => boolean) {
    this.#onEnd = onEnd;
    this.#mayLackAnswer = mayLackAnswer;
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

  /** The engine does not say for which operation it connects, so all current ones get it. */
  record(target: Target, problem: ConnectionProblem): void {
    for (const { failed } of this.#active) failed.push({ target, problem });
  }

  /** A server ended a connection before the engine did. */
  recordEnd(target: Target): void {
    for (const { reach, ended } of this.#active) if (isNamed(target, reach)) ended.push(target);
  }

  /**
   * Lets the engine connect to the hosts of one peer until the work ends.
   * @throws Failure `host-not-allowed` if the work failed because of a refusal, `network` if a host was not reached or
   * did not answer; else the error of the work
   */
  async during<T>(reach: Reach, work: () => Promise<T>): Promise<T> {
    const pass: Pass = { reach, failed: [], ended: [] };
    this.#active.add(pass);
    try {
      return await work();
    } catch (thrown) {
      throw this.#reasonFor(toFailure(thrown), pass) ?? thrown;
    } finally {
      this.#active.delete(pass);
      this.#onEnd();
    }
  }

  #reasonFor(failure: Failure, { reach, failed, ended }: Pass): Failure | null {
    const own = ownFailures(failed, reach, failure);
    const refused = own.filter(({ problem }) => problem.kind !== 'unreached');
    if (refused.length > 0 && REFUSED.includes(failure.code)) return notAllowed(refused, failure);
    const unreached = own.at(-1);
    if (unreached !== undefined && UNREACHED.includes(failure.code))
      return new Failure('network', text(unreached), { cause: failure });
    const silent = ended.findLast((target) => namesTarget(failure.message, target)) ?? ended.at(-1);
    if (silent === undefined || !this.#mayLackAnswer(failure)) return null;
    return new Failure('network', `${targetText(silent)} ended a connection without an answer`, { cause: failure });
  }
}

/**
 * The failed connections that ended the operation of a failure: those that Dolt names. Its errors name no address that is
 * refused before any request, so without a name those of the peer's own hosts count, and refused addresses of its
 * provider. Another peer's server can make the engine connect to any other host meanwhile.
 */
function ownFailures(
  failed: readonly FailedConnection[],
  reach: Reach,
  { message }: Failure,
): readonly FailedConnection[] {
  const named = failed.filter(({ target }) => namesTarget(message, target));
  if (named.length > 0) return named;
  return failed.filter(({ target, problem }) => {
    if (problem.kind === 'address') return permissionFor(target, reach) !== null;
    return problem.kind === 'unreached' && isNamed(target, reach);
  });
}

/** Whether the configuration or the job names the target as a host of the peer. */
function isNamed(target: Target, reach: Reach): boolean {
  return permissionFor(target, reach)?.named === true;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Whether a message has a URL with this host and port. */
function namesTarget(message: string, { host, port }: Target): boolean {
  return [...message.matchAll(/\b(https?:)\/\/([^/?#\s"'\\]+)/gi)].some(([, scheme = '', authority = '']) => {
    const named = parseTarget(authority, DEFAULT_PORTS[scheme.toLowerCase()] ?? null);
    return named?.host === host && named.port === port;
  });
}

/** The failure of refused connections. */
export function notAllowed(failed: readonly FailedConnection[], cause: Error): Failure {
  const named = [...new Map(failed.map((one) => [text(one), one])).entries()].slice(0, MOST_NAMED);
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

function text({ target, problem }: FailedConnection): string {
  const where = targetText(target);
  switch (problem.kind) {
    case 'host':
      return `the server of this peer names ${where}, which is not a host of the peer`;
    case 'plain':
      return `the server of this peer names ${where} without TLS, although the peer is reached over https`;
    case 'address':
      return `${where} is at ${problem.address}, which is not a public address`;
    case 'unreached':
      return `${where} could not be reached: ${problem.why}`;
  }
}
