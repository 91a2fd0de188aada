import type { ProxyNote } from '../../../beads/bd-server.ts';
import { isRunning } from '../../../beads/processes/proxy.ts';
import type { ServerSetting } from '../../../config/server.ts';
import { serverText } from '../../../config/server.ts';
import { toFailure } from '../../../core/failure.ts';
import { pause } from '../../../core/interruption.ts';
import { monotonicMs } from '../../../core/time.ts';
import { lockFile } from '../../../dolt/server/lock.ts';
import { type LockedBy, lockedBy } from '../../../dolt/server/lock-table.ts';
import { tryConnection } from '../../../egress/try-connection.ts';
import type { Context } from '../../context.ts';

/**
 * Of a server behind a proxy of bd: the proxy serves it · it has freed the database · another process holds the database
 * now · the proxy has ended without its server · nothing listened, and more cannot be seen
 */
export type ProxyState = 'serves' | 'freed' | 'replaced' | 'cut-off' | 'silent';

const CONNECT_MS = 5_000;
/** bd 1.3.0 ends a proxy 30 s after its last client; everything has ended within 60 s (measured). */
const ENDING_MS = 60_000;
/** A server that ends without its proxy. */
const CUT_OFF_MS = 2_000;
const POLL_MS = 100;

interface Seen {
  readonly locked: LockedBy;
  /** The process that held the database at first; null: it cannot be seen. */
  readonly holder: number | null;
  readonly isProxyRunning: boolean;
  readonly waitedMs: number;
}

/** Judges a server at whose proxy nothing listens. A proxy closes its port first, and its server ends after it. */
export function judgeSilence({ locked, holder, isProxyRunning, waitedMs }: Seen): ProxyState | 'ending' {
  if (locked.kind === 'free') return 'freed';
  // Another run, or the server of a new proxy. Processes of another container cannot be seen.
  if (locked.kind === 'held' && locked.pid !== null && locked.pid !== holder) return 'replaced';
  if (hasEndedBefore(locked, isProxyRunning) && waitedMs >= CUT_OFF_MS) return 'cut-off';
  return waitedMs >= ENDING_MS ? 'silent' : 'ending';
}

/** Whether a server holds the database after its proxy has ended. Those of another container cannot be seen. */
export function hasEndedBefore(locked: LockedBy, isProxyRunning: boolean): boolean {
  return locked.kind === 'held' && locked.pid !== null && !isProxyRunning;
}

/**
 * Waits while the server behind a proxy of bd ends, so that for a moment the database is held and nothing listens. After
 * a kill of the proxy, that moment does not end.
 */
export async function stateOfProxy(
  at: {
    readonly path: string;
    readonly holder: number | null;
    readonly proxy: ProxyNote;
    readonly setting: Pick<ServerSetting, 'host' | 'port'>;
  },
  { env, signal, log }: Pick<Context, 'env' | 'signal' | 'log'>,
): Promise<ProxyState> {
  const { path, holder, proxy, setting } = at;
  const address = { host: setting.host, port: setting.port, tls: false, throughProxy: false };
  const began = monotonicMs();
  for (let isReported = false; ; await pause(POLL_MS, signal)) {
    const refused = await tryConnection(address, { env, signal, milliseconds: CONNECT_MS }).then(
      () => null,
      (thrown: unknown) => toFailure(thrown).code,
    );
    // Other systems list no locks.
    if (refused !== 'network' || process.platform !== 'linux') return 'serves';
    const locked = await lockedBy(lockFile(path));
    const state = judgeSilence({
      locked,
      holder,
      isProxyRunning: isRunning(proxy),
      waitedMs: monotonicMs() - began,
    });
    if (state !== 'ending') return state;
    if (!isReported) {
      const most = `${ENDING_MS / 1_000} s`;
      log.info(`nothing listens at ${serverText(setting)}; waiting at most ${most} until its server frees ${path}`);
    }
    isReported = true;
  }
}
