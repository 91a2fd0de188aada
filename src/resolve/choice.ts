/** A decision about a row or a cell in conflict. `value` is a custom text, or NULL. */
export type Choice = ChoiceWord | { readonly value: string | null };

export const CHOICE_WORDS = ['ours', 'theirs', 'base', 'delete'] as const;
/** `base` is the value before both changes; `delete` removes the row, so it is a choice for rows only. */
export type ChoiceWord = (typeof CHOICE_WORDS)[number];

/** A text as a choice; null if it is none. */
export function choiceWord(text: string): ChoiceWord | null {
  return CHOICE_WORDS.find((word) => word === text) ?? null;
}
