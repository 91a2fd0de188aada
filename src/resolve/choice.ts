/** What a person says about a row or a cell in conflict. `value` is a text of one's own, or NULL. */
export type Choice = ChoiceWord | { readonly value: string | null };

export const CHOICE_WORDS = ['ours', 'theirs', 'base', 'delete'] as const;
/** `base` is what both sides had before; `delete` removes the row, so it is a choice for rows only. */
export type ChoiceWord = (typeof CHOICE_WORDS)[number];

/** A word as a choice; null for any other text. */
export function choiceWord(text: string): ChoiceWord | null {
  return CHOICE_WORDS.find((word) => word === text) ?? null;
}
