import type { Configuration, Peer } from '../../config/configuration.ts';
import { ROLE_RIGHTS } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import { counted } from '../../core/text.ts';
import { selectPeers } from '../select-peers.ts';
import type { BackupRequest } from './request.ts';

/**
 * The peers of a backup: those that the user named, else those with a role for backups. With a tag, the primary takes
 * part too, because it decides which commit the tag names.
 * @throws Failure `no-backup-peers`, `bad-usage` if more copies are required than can be made, `unknown-peer`
 */
export function backupPeers(configuration: Configuration, request: BackupRequest): readonly Peer[] {
  const { only, backup } = request;
  const isForBackups = ({ role }: Peer): boolean => ROLE_RIGHTS[role].inBackup;
  const selected = selectPeers(configuration, request);
  if (only.length === 0 && !configuration.peers.some(isForBackups)) {
    const file = configuration.file === null ? '' : ` in ${configuration.file}`;
    throw new Failure('no-backup-peers', `no peer${file} has the role backup or archive, and none was named`);
  }
  const targets = only.length === 0 ? selected.filter(isForBackups) : selected;
  if (targets.length === 0) return [];
  if (backup.required !== null && backup.required > targets.length) {
    throw new Failure(
      'bad-usage',
      `\`--require-copies ${backup.required}\` can never be met: ${counted(targets.length, 'peer')} would get a copy`,
      { hint: 'Lower the number, or add peers with the role `backup` or `archive`.' },
    );
  }
  const primary = configuration.peers.find(({ role }) => role === 'primary');
  if (backup.tag === null || primary === undefined || targets.includes(primary)) return targets;
  return [primary, ...targets];
}
