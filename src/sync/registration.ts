import type { Peer } from '../config/configuration.ts';
import { type Failure, toFailure } from '../core/failure.ts';
import type { Logger } from '../core/logger.ts';
import { addRemote, listRemotes, removeRemote } from '../dolt/remotes.ts';
import type { Sql } from '../dolt/sql.ts';

/**
 * What has to happen so that the database knows a peer under its endpoint.
 * @param known the remotes of the database, name to URL
 */
export function registrationOf(peer: Peer, known: ReadonlyMap<string, string>): 'nothing' | 'add' | 'correct' {
  const url = known.get(peer.name);
  if (url === undefined) return 'add';
  return sameUrl(url, peer.endpoint.dolt) ? 'nothing' : 'correct';
}

/** Dolt 2.3.0 stores an URL that ends in `.git` with `git+` before it, and may add a trailing slash to others. */
function sameUrl(a: string, b: string): boolean {
  const plain = (url: string): string => url.replace(/^git\+/, '').replace(/\/+$/, '');
  return plain(a) === plain(b);
}

/**
 * Makes the database know these peers as remotes; remotes that the configuration does not name are left alone. A
 * corrected URL also drops the tracking refs of the old one, which would say nothing about the new.
 * @returns why a peer could not be registered, by name: that is this peer's failure and stops nobody else
 */
export async function registerPeers(
  sql: Sql,
  peers: readonly Peer[],
  log: Pick<Logger, 'info' | 'warning'>,
): Promise<ReadonlyMap<string, Failure>> {
  const known = new Map((await listRemotes(sql)).map((remote) => [remote.name, remote.url]));
  const failures = new Map<string, Failure>();
  for (const peer of peers) {
    try {
      await register(sql, peer, { known, log });
    } catch (thrown) {
      failures.set(peer.name, toFailure(thrown));
    }
  }
  return failures;
}

async function register(
  sql: Sql,
  peer: Peer,
  { known, log }: { readonly known: ReadonlyMap<string, string>; readonly log: Pick<Logger, 'info' | 'warning'> },
): Promise<void> {
  const remote = { name: peer.name, url: peer.endpoint.dolt };
  switch (registrationOf(peer, known)) {
    case 'nothing':
      break;
    case 'add':
      await addRemote(sql, remote);
      log.info(`registered remote ${peer.name} -> ${remote.url}`);
      break;
    case 'correct':
      await removeRemote(sql, peer.name);
      await addRemote(sql, remote);
      log.warning(`remote ${peer.name} pointed to ${known.get(peer.name)}; corrected to ${remote.url}`);
      break;
  }
}
