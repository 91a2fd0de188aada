import { Failure } from '../core/failure.ts';

/**
 * A branch name, given back as it is. The rules are git's (git-check-ref-format) and Dolt's, and stricter where SQL
 * procedures would take a name for an option (`-`) or a refspec (`:`, `+`, `*`): bound parameters do not help there.
 * @throws Failure `config-invalid`.
 */
export function parseBranchName(written: string): string {
  const why = refusedName(written);
  if (why !== null) {
    throw new Failure('config-invalid', `the branch name ${JSON.stringify(written)} ${why}`, {
      hint: 'Name a branch as `dolt branch` lists it.',
    });
  }
  return written;
}

/** Why a branch or another ref may not be called so, as the end of a sentence; null where it may. */
export function refusedName(name: string): string | null {
  if (name === '') return 'is empty';
  if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(name)) return 'holds a control character';
  if (/[\s\p{Z}]/u.test(name)) return 'holds whitespace';
  const forbidden = /[:*?[\\~^]/.exec(name)?.[0];
  if (forbidden !== undefined) return `holds "${forbidden}"`;
  if (name.includes('..') || name.includes('@{')) return 'holds ".." or "@{"';
  if (name.startsWith('+')) return 'begins with "+"';
  if (name === '@') return 'is reserved';
  const parts = name.split('/');
  if (parts.includes('')) return 'has an empty part';
  if (parts.some((part) => part.startsWith('-') || part.startsWith('.')))
    return 'has a part that begins with "-" or "."';
  if (parts.some((part) => part.endsWith('.lock') || part.endsWith('.')))
    return 'has a part that ends with ".lock" or "."';
  return null;
}
