import type { ErrorCode } from '../contract/error-codes.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { namesHost, type Permission, permissionFor, type Reach, type Target, targetText } from './host-rule.ts';

/** Why a connection did not come about. */
export type Trouble =
  | { readonly kind: 'host' }
  | { readonly kind: 'plain' }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'unreached'; readonly why: string };

/** Refuses a connection. */
export class Refusal extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.kind);
    this.trouble = trouble;
  }
}

interface Noted {
  readonly target: Target;
  readonly trouble: Trouble;
  /** Whether it was tried for this peer, and not perhaps for one that was spoken to at the same time. */
  readonly isOwn: boolean;
}

/** Something that is done with one peer, for which an engine may connect to the peer's hosts. */
interface Pass {
  readonly reach: Reach;
  readonly noted: Noted[];
}

/** What Dolt and git make of a connection that did not come about (Dolt 2.3.0, measured). */
const UNREACHED: readonly ErrorCode[] = ['network', 'unknown'];
/** Whatever a refusal may be taken for. A failure of any other kind has a reason of its own. */
const REFUSED: readonly ErrorCode[] = [...UNREACHED, 'auth', 'timeout'];

/** What an engine is doing for which peers at this moment, and so where it may connect. */
export class Passes {
  readonly #active = new Set<Pass>();
  readonly #onEnd: () => void;

  /** @param onEnd told each time that less is allowed than before */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get areNone(): boolean {
    return this.#active.size === 0;
  }

  /** @returns null where nothing is done that the target is needed for */
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

  /** Charges the peers whose host it is; for a host of none of them, all that are spoken to. */
  note(target: Target, trouble: Trouble): void {
    const reaching = [...this.#active].filter(({ reach }) => reach.length > 0);
    const active = reaching.length > 0 ? reaching : [...this.#active];
    const concerned = active.filter(({ reach }) => namesHost(target, reach));
    const charged = concerned.length > 0 ? concerned : active;
    for (const pass of charged) pass.noted.push({ target, trouble, isOwn: charged.length === 1 });
  }

  /**
   * Lets the engine connect to the hosts of one peer until the work ends.
   * @throws Failure `host-not-allowed` where the work failed over a refusal, `network` where a host was not reached; else
   *   what the work threw
   */
  async during<T>(reach: Reach, work: () => Promise<T>): Promise<T> {
    const pass: Pass = { reach, noted: [] };
    this.#active.add(pass);
    try {
      return await work();
    } catch (thrown) {
      throw reasonFor(toFailure(thrown), pass.noted) ?? thrown;
    } finally {
      this.#active.delete(pass);
      this.#onEnd();
    }
  }
}

function reasonFor(failure: Failure, noted: readonly Noted[]): Failure | null {
  const isRefusal = ({ trouble }: Noted): boolean => trouble.kind !== 'unreached';
  const refused = noted.find((one) => isRefusal(one) && one.isOwn) ?? noted.find(isRefusal);
  if (refused !== undefined && (refused.isOwn ? REFUSED : UNREACHED).includes(failure.code)) {
    return refusal(refused, failure);
  }
  const unreached = noted.findLast(({ trouble, isOwn }) => trouble.kind === 'unreached' && isOwn);
  if (unreached === undefined || !UNREACHED.includes(failure.code)) return null;
  return new Failure('network', troubleText(unreached), { cause: failure });
}

function refusal(noted: Noted, cause: Failure): Failure {
  const { target, trouble, isOwn } = noted;
  const whose = isOwn ? 'the server of this peer' : 'the server of this peer, or of one that was spoken to with it,';
  const hint =
    trouble.kind === 'plain'
      ? 'Let the server name addresses with https. A peer that is reached over https is never spoken to without TLS.'
      : `If the host belongs to the peer, add \`allowed-hosts: ["${targetText(target)}"]\` to the entry of the peer. Otherwise do not trust its server.`;
  return new Failure('host-not-allowed', `${whose} names ${troubleText(noted)}; nothing was sent there`, {
    hint,
    cause,
  });
}

function troubleText({ target, trouble }: Noted): string {
  const where = targetText(target);
  switch (trouble.kind) {
    case 'host':
      return `${where}, which is not a host of the peer`;
    case 'plain':
      return `${where} without TLS, although the peer is reached over https`;
    case 'address':
      return `${where}, whose address ${trouble.address} is not a public one`;
    case 'unreached':
      return `${where} was not reached: ${trouble.why}`;
  }
}
