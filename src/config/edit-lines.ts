import { isMap, isNode, isPair, isScalar, isSeq } from 'yaml';

/** Where the line that holds an offset begins. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the line that holds an offset ends, its line break included; an offset behind a line break is such an end. */
export function lineEnd(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end + 1;
}

/** How far a key stands from the left edge. */
export function indentOf(text: string, offset: number): string {
  return ' '.repeat(offset - lineStart(text, offset));
}

/** Where a node begins in the text. */
export function startOf(node: unknown): number {
  return isNode(node) && node.range ? node.range[0] : 0;
}

/**
 * Where the last thing that a node says ends. The range of a block collection goes on to the next key and would take
 * in comments that belong there.
 */
export function contentEnd(node: unknown): number {
  if (isPair(node)) return hasValue(node.value) ? contentEnd(node.value) : contentEnd(node.key);
  const isBlock = (isMap(node) || isSeq(node)) && node.flow !== true && node.items.length > 0;
  if (isBlock) return contentEnd(node.items.at(-1));
  return isNode(node) && node.range ? node.range[1] : 0;
}

/** Whether anything was written behind a key. */
export function hasValue(node: unknown): boolean {
  return node !== null && node !== undefined && !(isScalar(node) && node.source === '' && node.type === 'PLAIN');
}

/** Puts whole lines into a text at an offset, with the line breaks of the text. */
export function insertLines(text: string, offset: number, lines: string): string {
  const lineBreak = lineBreakOf(text);
  const head = text.slice(0, offset);
  const joint = head === '' || head.endsWith('\n') ? '' : lineBreak;
  return `${head}${joint}${lines.replaceAll('\n', lineBreak)}${text.slice(offset)}`;
}

/** The line break that a text uses; the first one decides. */
export function lineBreakOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}
