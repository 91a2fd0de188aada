import { quoteEndpoint } from '../config/endpoint-quote.ts';
import { type Failure, toFailure } from '../core/failure.ts';
import type { Logger } from '../core/logger.ts';
import { addRemote, listRemotes, type Remote, removeRemote } from '../dolt/remotes.ts';
import type { Sql } from '../dolt/sql.ts';

/**
 * What has to happen so that the database knows a peer under its endpoint.
 * @param known the remotes of the database, by name
 */
export function registrationOf(wanted: Remote, known: ReadonlyMap<string, Remote>): 'nothing' | 'add' | 'correct' {
  const there = known.get(wanted.name);
  if (there === undefined) return 'add';
  return sameUrl(there.url, wanted.url) && there.ref === wanted.ref ? 'nothing' : 'correct';
}

/** Dolt 2.3.0 stores an URL that ends in `.git` with `git+` before it, and may add a trailing slash to others. */
function sameUrl(a: string, b: string): boolean {
  const plain = (url: string): string => url.replace(/^git\+/, '').replace(/\/+$/, '');
  return plain(a) === plain(b);
}

/** Who hears what was done. */
interface Telling extends Pick<Logger, 'info'> {
  corrected(message: string): void;
}

/**
 * Makes the database know these peers as remotes; remotes that the configuration does not name are left alone. A
 * corrected URL also drops the tracking refs of the old one, which would say nothing about the new; `tell` gets what was
 * corrected.
 * @returns why a peer could not be registered, by name: that is this peer's failure and stops nobody else
 */
export async function registerPeers(
  sql: Sql,
  remotes: readonly Remote[],
  tell: Telling,
): Promise<ReadonlyMap<string, Failure>> {
  const known = new Map((await listRemotes(sql)).map((remote) => [remote.name, remote]));
  const failures = new Map<string, Failure>();
  for (const remote of remotes) {
    try {
      await register(sql, remote, { known, tell });
    } catch (thrown) {
      failures.set(remote.name, toFailure(thrown));
    }
  }
  return failures;
}

async function register(
  sql: Sql,
  remote: Remote,
  { known, tell }: { readonly known: ReadonlyMap<string, Remote>; readonly tell: Telling },
): Promise<void> {
  const { name, url } = remote;
  switch (registrationOf(remote, known)) {
    case 'nothing':
      break;
    case 'add':
      await addRemote(sql, remote);
      tell.info(`registered remote ${name} -> ${url}`);
      break;
    case 'correct': {
      await removeRemote(sql, name);
      await addRemote(sql, remote);
      // What stood there was written by somebody else, who may have put a password into it.
      const old = quoteEndpoint(known.get(name)?.url ?? '');
      tell.corrected(`remote ${name} pointed to ${old}; corrected to ${quoteEndpoint(url)}`);
      break;
    }
  }
}
