import type { Configuration } from '../../config/configuration.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { suggestion } from '../../core/suggestion.ts';
import { type Credentials, SERVER_ENTRY } from '../../credentials/credential.ts';

function unusedHint(near: string | null): string {
  return near === null ? 'Remove the entry.' : `Did you mean \`${near}\`? Correct the name, or remove the entry.`;
}

/** Credentials that match no peer: a misspelt name leaves its peer without a credential. */
export function unusedCredentials({ peers, server }: Configuration, credentials: Credentials): readonly Diagnostic[] {
  const names = [...peers.map(({ name }) => name), ...(server.value === null ? [] : [SERVER_ENTRY])];
  const unused = [...credentials.keys()].filter((name) => !names.includes(name));
  return unused.map((peer) => ({
    severity: 'warning',
    code: 'unknown-peer',
    message: `credentials of ${peer} are unused: there is no peer with that name`,
    hint: unusedHint(suggestion(peer, names)),
  }));
}
