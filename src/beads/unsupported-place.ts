import { Failure, type Location } from '../core/failure.ts';

/** Why a workspace's database is not at the expected path. */
export interface UnsupportedPlace {
  /** The setting that was found, such as `dolt_mode: proxied-server`. */
  readonly what: string;
  /** The position in a file that says so; null: there is none. */
  readonly at?: Location | null | undefined;
  /** The actual or expected path of the database; null: unknown. */
  readonly real: string | null;
  /** Another fix besides naming the database. */
  readonly fix?: string;
}

/**
 * The refusal of a workspace with an unsupported database path.
 * @param workspace null: no workspace was found
 */
export function unsupportedPlace(workspace: string | null, { what, at, real, fix }: UnsupportedPlace): Failure {
  const subject = workspace === null ? 'the beads workspace' : `the beads workspace ${workspace}`;
  const place = real === null ? '' : `; its database should be ${real}`;
  const naming =
    real === null
      ? 'Give the folder of the database with `--database`.'
      : `Give the folder of the database with \`--database\`: ${real}`;
  return new Failure('workspace-unknown', `this version does not follow ${subject}: ${what}${place}`, {
    hint: fix === undefined ? naming : `${fix}\n${naming}`,
    location: at ?? undefined,
  });
}
