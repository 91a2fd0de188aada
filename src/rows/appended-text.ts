/**
 * A text to which both sides appended lines, with both parts; null if a side changed it in another way, or appended to
 * the last line.
 * @param first what the side that wrote first has
 */
export function appendedText(base: string | null, first: string | null, second: string | null): string | null {
  const before = base ?? '';
  if (first === null || second === null || !first.startsWith(before) || !second.startsWith(before)) return null;
  const [earlier, later] = [first.slice(before.length), second.slice(before.length)];
  const isNewLine = (part: string): boolean => before === '' || before.endsWith('\n') || part.startsWith('\n');
  if (!isNewLine(earlier) || !isNewLine(later)) return null;
  // A side that has the part of the other one has it once.
  if (extendsBy(earlier, later)) return first;
  if (extendsBy(later, earlier)) return second;
  const separator = earlier.endsWith('\n') || later.startsWith('\n') ? '' : '\n';
  return `${before}${earlier}${separator}${later}`;
}

function extendsBy(whole: string, part: string): boolean {
  if (!whole.startsWith(part)) return false;
  return whole.length === part.length || part.endsWith('\n') || whole.slice(part.length).startsWith('\n');
}
