/** A text of at most `limit` characters; a longer one is cut and ends with an ellipsis. Never cuts a character in two. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '');
  return `${end}…`;
}
