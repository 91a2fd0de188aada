import { refusedName } from '../../config/names.ts';
import type { DrillMode } from '../../contract/vocabulary.ts';
import { Failure } from '../../core/failure.ts';
import type { RawRequest } from '../command.ts';
import type { SyncRequest } from '../request.ts';

/** The options of a backup, besides those of every run. */
export interface BackupOptions {
  /** null: the head is backed up, without a tag. */
  readonly tag: string | null;
  readonly drill: DrillMode;
  /** How many peers must have the proven commit; null: every peer. */
  readonly required: number | null;
  /** File for the proof; null: where the frontend keeps its files, or none. */
  readonly proof: string | null;
}

export interface BackupRequest extends SyncRequest {
  readonly command: 'backup';
  readonly backup: BackupOptions;
}

/** @throws Failure `bad-usage` */
export function requestedBackup({ read, releaseTag }: RawRequest): BackupOptions {
  const tag = read('tag') ?? releaseTag;
  if (read('fail-on') === 'primary') {
    throw new Failure('bad-usage', '`--fail-on primary` has no meaning for backup: the primary gets none', {
      hint: 'Remove `--fail-on`, or set `--require-copies` to the number of backups that must succeed.',
    });
  }
  if (read('shard') !== undefined && read('require-copies') !== undefined) {
    throw new Failure(
      'bad-usage',
      '`--require-copies` counts the copies of one run, and a leg makes only some of them',
      {
        hint: 'Remove it, so that every backup must succeed, or run without `--shard`.',
      },
    );
  }
  return {
    tag: tag === null ? null : parseTag(tag),
    drill: read('drill'),
    required: read('require-copies') ?? null,
    proof: read('proof') ?? null,
  };
}

/**
 * The name of a tag, also if it is given as a full ref: `github.ref` is `refs/tags/v1` on a release.
 * @throws Failure `bad-usage`
 */
function parseTag(given: string): string {
  const tag = given.replace(/^refs\/tags\//, '');
  const why = tag.startsWith('dolt-federation') ? 'starts with dolt-federation' : refusedName(tag);
  if (why === null) return tag;
  throw new Failure('bad-usage', `the tag ${JSON.stringify(tag)} ${why}`, {
    hint: 'Give the name of a tag as `dolt tag` prints it, such as `v1.2.0`.',
  });
}
