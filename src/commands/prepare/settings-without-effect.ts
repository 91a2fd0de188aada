import { closest } from 'fastest-levenshtein';
import type { Configuration } from '../../config/configuration.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { type Credentials, SERVER_ENTRY } from '../../credentials/credential.ts';

/** Warnings about settings that this run does not use. */
export function withoutEffect(configuration: Configuration, credentials: Credentials): readonly Diagnostic[] {
  return [...unwrittenBackup(configuration), ...unusedCredentials(configuration, credentials)];
}

/** A sync mode that promises more than synchronization. */
export function unwrittenBackup({ syncMode }: Configuration): readonly Diagnostic[] {
  if (syncMode.value !== 'belt-and-suspenders') return [];
  return [
    {
      severity: 'warning',
      code: 'not-supported',
      message:
        'sync.mode is belt-and-suspenders, but this version only federates databases and does not write the JSONL backup',
      hint: 'Let beads write the backup, or set `sync.mode: dolt-native`.',
    },
  ];
}

/** Credentials that match no peer: a misspelt name leaves its peer without a credential. */
export function unusedCredentials({ peers, server }: Configuration, credentials: Credentials): readonly Diagnostic[] {
  const names = [...peers.map(({ name }) => name), ...(server.value === null ? [] : [SERVER_ENTRY])];
  const unused = [...credentials.keys()].filter((name) => !names.includes(name));
  return unused.map((peer) => ({
    severity: 'warning',
    code: 'unknown-peer',
    message: `credentials of ${peer} are unused: there is no peer with that name`,
    hint:
      names.length === 0
        ? 'Remove the entry.'
        : `Did you mean \`${closest(peer, names)}\`? Correct the name, or remove the entry.`,
  }));
}
