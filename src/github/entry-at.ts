import { z } from 'zod';
import { type Unread, unread } from './base-commit.ts';
import { call, type Repository } from './client.ts';

/** The file or folder at a path of a repository in one commit. */
export type EntryAt =
  | { readonly kind: 'file'; readonly bytes: Buffer }
  | {
      readonly kind: 'folder';
      readonly entries: readonly { readonly name: string; readonly type: string }[];
      /** Whether GitHub lists all entries. */
      readonly isWhole: boolean;
    }
  /** A symbolic link to something else than a file of the repository. */
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'submodule' }
  | { readonly kind: 'absent' }
  | Unread;

/** Larger files have no content in this answer. */
const entrySchema = z.union([
  z.array(z.looseObject({ name: z.string(), type: z.string() })),
  z.looseObject({ type: z.literal('file'), encoding: z.literal('base64'), content: z.string() }),
  z.looseObject({ type: z.literal('symlink'), target: z.string() }),
  z.looseObject({ type: z.literal('submodule') }),
]);
/** GitHub lists at most so many entries of a folder. */
const MAX_ENTRIES = 1_000;

/**
 * Reads a file or the names in a folder through the API. A symbolic link to a file has the content of that file.
 * @param path in the repository, with `/`
 * @param commit null: the head of the default branch
 */
export async function readEntryAt(repository: Repository, path: string, commit: string | null): Promise<EntryAt> {
  const name = path.split('/').map(encodeURIComponent).join('/');
  const found = await call(repository, {
    method: 'GET',
    path: `/contents/${name}${commit === null ? '' : `?ref=${commit}`}`,
    schema: entrySchema,
  });
  if (found.kind === 'missing') return { kind: 'absent' };
  if (found.kind !== 'ok') return unread(found);
  const { value } = found;
  if (Array.isArray(value)) return { kind: 'folder', entries: value, isWhole: value.length < MAX_ENTRIES };
  switch (value.type) {
    case 'file':
      return { kind: 'file', bytes: Buffer.from(value.content, 'base64') };
    case 'symlink':
      return { kind: 'link', target: value.target };
    case 'submodule':
      return { kind: 'submodule' };
  }
}
