import { setTimeout as pause } from 'node:timers/promises';
import type { Proxied, Toxic } from '../servers/toxiproxy.ts';
import type { FarKind } from './far-servers.ts';

export const REMOTE_OPERATIONS = ['fetch', 'push', 'clone'] as const;
export type RemoteOperation = (typeof REMOTE_OPERATIONS)[number];

/** Something that happens between us and a server. */
export interface Fault {
  readonly name: string;
  /** Possible error codes; `-` if the work succeeds despite the fault. */
  readonly codes: (at: FarKind, operation: RemoteOperation) => readonly string[];
  /** Value of `--timeout`, and another one for a push. */
  readonly timeoutSeconds: number;
  readonly pushSeconds?: number;
  /**
   * Whether its outcome does not depend on the data that an operation carries. Then several peers of one run cross such
   * faults at once. The other faults need data that no other peer of the run brings, so they are tried alone.
   */
  readonly sideBySide: boolean;
  /** Applies the fault to all data from now on; returns when it is active. */
  readonly strike: (proxied: Proxied, operation: RemoteOperation, downPort: number | null) => Promise<void>;
}

/** The direction of the data of an operation. */
const streamOf = (operation: RemoteOperation) => (operation === 'push' ? 'upstream' : 'downstream');

const toxic =
  (what: Toxic): Fault['strike'] =>
  async (proxied, operation) => {
    await proxied.add(what, streamOf(operation));
  };

/** A part of the half megabyte that every operation has to carry. */
const PART_BYTES = 60_000;
/** Slow enough for a transfer to last longer than the time until it is cut. */
const CUT_AFTER_MS = 1_000;
const SLOW_KB = 100;

/** Dolt begins again, or waits for ssh, because it does not always notice its end. */
function cutOnce(at: FarKind): readonly string[] {
  return at === 'ssh' ? ['-', 'timeout'] : ['-'];
}

/**
 * git starts again, and Dolt tries a push to it 32 times. Dolt may wait for ssh, because it does not always notice its
 * end.
 */
function cutAlways(at: FarKind, operation: RemoteOperation): readonly string[] {
  return at === 'git over http' && operation !== 'push' ? ['network'] : ['network', 'timeout'];
}

/** The silence of a server that speaks first, or with TLS, is detected before Dolt is used; a push meets it later. */
function silent(at: FarKind, operation: RemoteOperation): readonly string[] {
  return operation === 'fetch' && at === 'dolt sql-server' ? ['connect-timeout'] : ['timeout'];
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'refused',
    codes: () => ['network'],
    timeoutSeconds: 20,
    sideBySide: true,
    strike: (proxied) => proxied.enable(false),
  },
  {
    name: 'cut in the middle, once',
    codes: cutOnce,
    timeoutSeconds: 60,
    sideBySide: false,
    async strike(proxied, operation) {
      await proxied.add({ type: 'bandwidth', attributes: { rate: SLOW_KB } }, streamOf(operation));
      void pause(CUT_AFTER_MS).then(() => proxied.clear());
    },
  },
  {
    name: 'cut in the middle, always',
    codes: cutAlways,
    timeoutSeconds: 12,
    // All the time, Dolt starts git again.
    pushSeconds: 6,
    sideBySide: false,
    strike: toxic({ type: 'limit_data', attributes: { bytes: PART_BYTES } }),
  },
  {
    name: 'reset',
    codes: () => ['network'],
    timeoutSeconds: 20,
    sideBySide: true,
    strike: toxic({ type: 'reset_peer', attributes: { timeout: 0 } }),
  },
  {
    name: '503',
    codes: () => ['network'],
    timeoutSeconds: 20,
    sideBySide: true,
    async strike(proxied, _, downPort) {
      if (downPort === null) throw new Error('this kind of server knows no 503');
      await proxied.lead(downPort);
    },
  },
  {
    name: '1 kB/s',
    codes: () => ['timeout'],
    timeoutSeconds: 6,
    sideBySide: false,
    strike: toxic({ type: 'bandwidth', attributes: { rate: 1 } }),
  },
  {
    name: 'silence',
    codes: silent,
    timeoutSeconds: 6,
    sideBySide: true,
    strike: toxic({ type: 'timeout', attributes: { timeout: 0 } }),
  },
  {
    name: '200 ms latency',
    codes: () => ['-'],
    timeoutSeconds: 120,
    sideBySide: true,
    strike: toxic({ type: 'latency', attributes: { latency: 200 } }),
  },
];

/**
 * The combinations of a run of all tests: silence at every kind of server, every other fault at the kinds whose client
 * is another program. remotesrv and a server of a database speak to the same client.
 */
const USUAL: Readonly<Record<FarKind, readonly string[]>> = {
  remotesrv: ['refused', 'silence', 'reset', '503', '200 ms latency'],
  'git over http': ['refused', 'silence', 'cut in the middle, once', 'cut in the middle, always'],
  'dolt sql-server': ['silence', 'cut in the middle, once', '1 kB/s'],
  ssh: ['refused', 'silence', 'cut in the middle, once'],
};

/**
 * The faults that do not apply to a kind of server. A remotesrv names its own port as the place of its table files, so
 * that only requests other than for table files pass through the proxy.
 */
const IMPOSSIBLE: Readonly<Partial<Record<FarKind, readonly string[]>>> = {
  remotesrv: ['cut in the middle, once', 'cut in the middle, always', '1 kB/s'],
  ssh: ['503'],
};

/**
 * The faults that clones cross in a run of all tests. The same code as in a fetch reads the answer of a server; only the
 * remains of a clone and its end of the run are different.
 */
const USUAL_OF_CLONES: Readonly<Record<FarKind, readonly string[]>> = {
  remotesrv: ['silence', '503'],
  'git over http': ['silence', 'cut in the middle, once'],
  'dolt sql-server': ['silence'],
  ssh: ['silence'],
};

/** The kinds without credentials, which a run gets only for one of these peers. */
const SIDE_BY_SIDE: readonly FarKind[] = ['remotesrv', 'git over http'];

/** Faults that peers of one run cross with an operation. */
export interface Crossings {
  readonly faults: readonly [Fault, ...Fault[]];
  readonly operation: RemoteOperation;
}

/** The faults that each operation crosses at a kind of server: every possible one with `all`, as every night. */
export function crossingsAt(kind: FarKind, { all }: { readonly all: boolean }): readonly Crossings[] {
  const possible = FAULTS.filter(({ name }) => IMPOSSIBLE[kind]?.includes(name) !== true);
  return REMOTE_OPERATIONS.flatMap((operation) => {
    const usual = operation === 'clone' ? USUAL_OF_CLONES : USUAL;
    const chosen = possible.filter(({ name }) => all || usual[kind].includes(name));
    // A run clones from one peer.
    const joined = operation !== 'clone' && SIDE_BY_SIDE.includes(kind);
    const [first, ...more] = chosen.filter(({ sideBySide }) => joined && sideBySide);
    const alone = chosen.filter(({ sideBySide }) => !(joined && sideBySide));
    const crossed = alone.map((fault): Crossings => ({ faults: [fault], operation }));
    return first === undefined ? crossed : [{ faults: [first, ...more], operation }, ...crossed];
  });
}
