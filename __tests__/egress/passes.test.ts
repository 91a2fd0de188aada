import { expect, test } from '@jest/globals';
import type { ErrorCode } from '../../src/contract/error-codes.ts';
import { Failure } from '../../src/core/failure.ts';
import type { Reach, Target } from '../../src/egress/host-rule.ts';
import { type ConnectionProblem, Passes } from '../../src/egress/passes.ts';

const at = (name: string): Target => ({ host: `${name}.example`, port: 443 });
const [PEER, STORE, EVIL, CLOUD] = [at('peer'), at('store'), at('evil'), at('cloud')] as const;
/** The peer has two hosts, and one of its provider. */
const REACH: Reach = [PEER, STORE, CLOUD].map((target) => ({ ...target, plain: false, named: target !== CLOUD }));

/** The connections of one operation in their order, and its error. */
interface Operation {
  readonly failed?: readonly (readonly [Target, ConnectionProblem])[];
  readonly ended?: readonly Target[];
  readonly code: ErrorCode;
  readonly says: string;
}

async function reasonOf({ failed = [], ended = [], code, says }: Operation): Promise<string> {
  const passes = new Passes(
    () => undefined,
    (failure) => failure.code === 'corrupt',
  );
  const work = passes.during(REACH, async () => {
    for (const [target, problem] of failed) passes.record(target, problem);
    for (const target of ended) passes.recordEnd(target);
    throw new Failure(code, says);
  });
  return await work.then(String, (thrown: unknown) => String(thrown));
}

const UNREACHED = { kind: 'unreached', why: 'refused' } as const;
const ADDRESS = { kind: 'address', address: '10.0.0.1' } as const;
const HOST = { kind: 'host' } as const;
const NAMING_PEER = 'Get "https://peer.example/x": any reason';

test.each<[string, Operation, RegExp]>([
  [
    'of two hosts that were not reached, that of the message, not the last',
    {
      failed: [
        [PEER, UNREACHED],
        [STORE, UNREACHED],
      ],
      code: 'network',
      says: NAMING_PEER,
    },
    /peer\.example:443 could not be reached/,
  ],
  [
    'the last, if the message names none',
    {
      failed: [
        [PEER, UNREACHED],
        [STORE, UNREACHED],
      ],
      code: 'network',
      says: 'EOF',
    },
    /store\.example:443 could not be reached/,
  ],
  [
    'the host of the message, not one whose address was refused meanwhile',
    {
      failed: [
        [PEER, UNREACHED],
        [STORE, ADDRESS],
      ],
      code: 'network',
      says: NAMING_PEER,
    },
    /peer\.example:443 could not be reached/,
  ],
  [
    'a refused host that the message names, not own hosts that failed later',
    {
      failed: [
        [EVIL, HOST],
        [STORE, ADDRESS],
      ],
      code: 'unknown',
      says: 'Get "https://evil.example/x": any reason',
    },
    /the server of this peer names evil\.example:443, which is not a host of the peer; nothing was sent there$/,
  ],
  [
    'a host of the provider whose address was refused, also after the time limit',
    {
      failed: [
        [CLOUD, ADDRESS],
        [EVIL, ADDRESS],
      ],
      code: 'timeout',
      says: 'the fetch did not finish',
    },
    /cloud\.example:443 is at 10\.0\.0\.1, which is not a public address; nothing was sent there$/,
  ],
  [
    'the host of the message, of two that ended a connection',
    { ended: [PEER, STORE], code: 'corrupt', says: `no root at ${NAMING_PEER}` },
    /peer\.example:443 ended a connection/,
  ],
  [
    'the last that ended a connection, if the message names none',
    { ended: [PEER, STORE], code: 'corrupt', says: 'no root' },
    /store\.example:443 ended a connection/,
  ],
])('the reason of a failed operation is %s', async (_, operation, reason) => {
  expect(await reasonOf(operation)).toMatch(reason);
});
