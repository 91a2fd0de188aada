import { parseBranchName } from '../config/branch-name.ts';

/**
 * The branch that the user named, which becomes an argument of procedures and of clones.
 * @throws Failure `config-invalid` for what no branch may be called, be it an option or a refspec
 */
export function requestedBranch(text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseBranchName(text);
}
