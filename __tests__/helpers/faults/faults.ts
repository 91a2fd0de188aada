import { setTimeout as pause } from 'node:timers/promises';
import type { Proxied, Toxic } from '../servers/toxiproxy.ts';
import type { FarKind } from './far-servers.ts';

export const VERBS = ['fetch', 'push', 'clone'] as const;
export type Verb = (typeof VERBS)[number];

/** Something that happens between us and a server. */
export interface Fault {
  readonly name: string;
  /** Error codes that say what happened; `-` where the work is done all the same. */
  readonly codes: (at: FarKind, verb: Verb) => readonly string[];
  /** Value of `--timeout`. */
  readonly timeoutSeconds: number;
  /** Does it to everything that flows from now on; returns when it is in force. */
  readonly strike: (proxied: Proxied, verb: Verb, downPort: number | null) => Promise<void>;
}

/** The way that the data of a verb takes. */
const streamOf = (verb: Verb) => (verb === 'push' ? 'upstream' : 'downstream');

const toxic =
  (what: Toxic): Fault['strike'] =>
  async (proxied, verb) => {
    await proxied.add(what, streamOf(verb));
  };

/** A part of the half megabyte that every verb has to carry. */
const PART_BYTES = 60_000;
const OUTAGE_MS = 700;
/** Slow enough for a transfer to last longer than the time until it is cut. */
const CUT_AFTER_MS = 1_000;
const SLOW_KB = 100;

/**
 * Table files of a remotesrv are read in pieces, and Dolt goes on where it was cut. git begins again, and Dolt tries a push
 * to it 32 times. ssh ends with its connection.
 */
function cutAlways(at: FarKind, verb: Verb): readonly string[] {
  switch (at) {
    case 'remotesrv':
      return ['-'];
    case 'dolt sql-server':
      return ['network', 'timeout'];
    case 'git over http':
      return verb === 'push' ? ['network', 'timeout'] : ['network'];
    case 'ssh':
      return ['network'];
  }
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'refused',
    codes: () => ['network'],
    timeoutSeconds: 20,
    strike: (proxied) => proxied.enable(false),
  },
  {
    name: 'cut in the middle, once',
    codes: () => ['-'],
    timeoutSeconds: 60,
    async strike(proxied, verb) {
      await proxied.add({ type: 'bandwidth', attributes: { rate: SLOW_KB } }, streamOf(verb));
      void pause(CUT_AFTER_MS)
        .then(() => proxied.enable(false))
        .then(() => pause(OUTAGE_MS))
        .then(() => proxied.clear())
        .then(() => proxied.enable(true));
    },
  },
  {
    name: 'cut in the middle, always',
    codes: cutAlways,
    timeoutSeconds: 12,
    strike: toxic({ type: 'limit_data', attributes: { bytes: PART_BYTES } }),
  },
  {
    name: 'reset',
    codes: () => ['network'],
    timeoutSeconds: 20,
    strike: toxic({ type: 'reset_peer', attributes: { timeout: 0 } }),
  },
  {
    name: '503',
    codes: () => ['network'],
    timeoutSeconds: 20,
    async strike(proxied, _, downPort) {
      if (downPort === null) throw new Error('this kind of server knows no 503');
      await proxied.lead(downPort);
    },
  },
  {
    name: '1 kB/s',
    codes: () => ['timeout'],
    timeoutSeconds: 6,
    strike: toxic({ type: 'bandwidth', attributes: { rate: 1 } }),
  },
  {
    name: 'silence',
    codes: () => ['timeout'],
    timeoutSeconds: 6,
    strike: toxic({ type: 'timeout', attributes: { timeout: 0 } }),
  },
  {
    name: '200 ms latency',
    codes: () => ['-'],
    timeoutSeconds: 120,
    strike: toxic({ type: 'latency', attributes: { latency: 200 } }),
  },
];

/** What a run of all tests has time for at the kinds of servers that are slower to set up. */
const SHORT: readonly string[] = ['refused', 'cut in the middle, once', 'silence'];

/** The faults to try at a kind of server: all of them where `all` are asked for. */
export function faultsAt(kind: FarKind, { all }: { readonly all: boolean }): readonly Fault[] {
  const possible = FAULTS.filter(({ name }) => !(kind === 'ssh' && name === '503'));
  const short = !all && (kind === 'ssh' || kind === 'dolt sql-server');
  return possible.filter(({ name }) => !short || SHORT.includes(name));
}
