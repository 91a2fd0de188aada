/** The words of a text that are separated by commas or line breaks, in order; blanks around them do not count. */
export function wordList(text: string | undefined): string[] {
  return (text ?? '').split(/[,\r\n]/).flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}
