import { ROLES, type Role } from '../contract/vocabulary.ts';
import { Failure } from '../core/failure.ts';
import { wordList } from './word-list.ts';

/**
 * The roles that `only-role` names, in any case; none where it is absent.
 * @throws Failure `bad-usage` for a word that is no role, and for a text that holds no word
 */
export function requestedRoles(text: string | undefined): readonly Role[] {
  if (text === undefined) return [];
  const words = wordList(text);
  if (words.length === 0) throw refusal(text);
  return words.map((word) => {
    const role = ROLES.find((one) => one === word.toLowerCase());
    if (role === undefined) throw refusal(word);
    return role;
  });
}

function refusal(text: string): Failure {
  return new Failure(
    'bad-usage',
    `only-role holds ${JSON.stringify(text)}, which is none of the roles ${ROLES.join(', ')}`,
    { hint: 'Write for example `backup,archive`.' },
  );
}
