import { closest } from 'fastest-levenshtein';
import type { Configuration } from '../../config/configuration.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import type { Credentials } from '../../credentials/credential.ts';

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
      message: 'sync.mode is belt-and-suspenders: databases are federated, but this version writes no JSONL backup',
      hint: 'Let beads write it, or set `sync.mode: dolt-native`.',
    },
  ];
}

/** Credentials that match no peer: a misspelt name leaves its peer without a credential. */
export function unusedCredentials({ peers }: Configuration, credentials: Credentials): readonly Diagnostic[] {
  const names = peers.map(({ name }) => name);
  const unused = [...credentials.keys()].filter((name) => !names.includes(name));
  return unused.map((peer) => ({
    severity: 'warning',
    code: 'unknown-peer',
    message: `credentials of ${peer}: no peer is called that, so nobody gets them`,
    hint:
      names.length === 0
        ? 'Remove the entry.'
        : `Did you mean \`${closest(peer, names)}\`? Correct the name, or remove the entry.`,
  }));
}
