import { join } from 'node:path';
import { z } from 'zod';
import { readSmallText } from '../core/read-small.ts';

const places = z
  .record(z.string(), z.looseObject({ url: z.string() }))
  .nullish()
  .transform((all) => Object.entries(all ?? {}).map(([name, { url }]) => ({ name, url })));

/** `.dolt/repo_state.json`, as far as it is of interest here (Dolt 2.3.0). */
const stateSchema = z.looseObject({
  /** Which branch is checked out. */
  head: z.string().regex(/^refs\/heads\/./),
  remotes: places,
  backups: places,
});

/** What the files of a database say without an engine. */
export type RepoState = Readonly<z.infer<typeof stateSchema>>;

/** Reads the state of a database; null where there is none that can be understood. */
export async function readRepoState(database: string): Promise<RepoState | null> {
  try {
    const text = await readSmallText(join(database, '.dolt', 'repo_state.json'));
    return stateSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
