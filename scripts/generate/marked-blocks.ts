/**
 * Replaces the text between each pair of marks, and keeps everything else.
 * @param file named in errors
 * @throws Error if the document or one of its marks is missing, or a mark is repeated or out of order
 */
export function fillMarks(file: string, document: string | null, blocks: Readonly<Record<string, string>>): string {
  if (document === null)
    throw new Error(`${file} does not exist; it must hold the marks ${marks(Object.keys(blocks))}`);
  return Object.entries(blocks).reduce((text, [name, block]) => fill(text, { file, name, block }), document);
}

function fill(
  text: string,
  { file, name, block }: { readonly file: string; readonly name: string; readonly block: string },
) {
  const start = only(text, mark(name, 'start'), file);
  const end = only(text, mark(name, 'end'), file);
  const from = start + mark(name, 'start').length;
  if (end < from) throw new Error(`${file}: the mark ${mark(name, 'end')} is before its start`);
  return `${text.slice(0, from)}\n\n${block}\n\n${text.slice(end)}`;
}

function only(text: string, wanted: string, file: string): number {
  const at = text.indexOf(wanted);
  if (at === -1) throw new Error(`${file} lacks the mark ${wanted}`);
  if (text.indexOf(wanted, at + 1) !== -1) throw new Error(`${file} has the mark ${wanted} twice`);
  return at;
}

function marks(names: readonly string[]): string {
  return names.map((name) => `${mark(name, 'start')} … ${mark(name, 'end')}`).join(', ');
}

function mark(name: string, side: 'start' | 'end'): string {
  return `<!-- generated:${name} ${side} -->`;
}
