/** A piece of YAML to write: a value (null is `null`), nothing at all, a mapping in its order, or a list of mappings. */
export type YamlNode =
  | { readonly kind: 'value'; readonly value: string | null }
  | { readonly kind: 'empty' }
  | YamlMapping
  | { readonly kind: 'list'; readonly items: readonly YamlMapping[] };

export interface YamlMapping {
  readonly kind: 'mapping';
  readonly fields: readonly (readonly [name: string, node: YamlNode])[];
}

const INDENT = '  ';
/** Begins with a letter and holds nothing that means anything in YAML. */
const PLAIN = /^\p{L}[\p{L}\p{N}_./@+-]*(?: [\p{L}\p{N}_./@+-]+)*$/u;
/** Words that some reader or other of YAML takes for something else than text. */
const RESERVED = /^(?:null|true|false|yes|no|on|off|y|n)$/i;
/** What JSON leaves as it is, and what a terminal or an editor might not show as it is. */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g;

/**
 * Writes YAML 1.2 that says the same however it is read: everything that could be taken for something else is in
 * quotes, and what cannot be seen is escaped. Texts of several lines stay readable where nothing can be lost by it.
 * Written by hand because an editor shall show hostile values as they are, which no option of `yaml` sees to.
 */
export function yamlText(mapping: YamlMapping): string {
  return `${mappingLines(mapping).join('\n')}\n`;
}

function mappingLines({ fields }: YamlMapping): string[] {
  return fields.flatMap(([name, node]) => fieldLines(oneLine(name), node));
}

function fieldLines(name: string, node: YamlNode): string[] {
  switch (node.kind) {
    case 'empty':
      return [`${name}:`];
    case 'value':
      return valueLines(name, node.value);
    case 'mapping':
      return node.fields.length === 0 ? [`${name}: {}`] : [`${name}:`, ...mappingLines(node).map(indented)];
    case 'list':
      return node.items.length === 0 ? [`${name}: []`] : [`${name}:`, ...node.items.flatMap(itemLines)];
  }
}

function itemLines(item: YamlMapping): string[] {
  return mappingLines(item).map((line, index) => `${INDENT}${index === 0 ? '- ' : line === '' ? '' : INDENT}${line}`);
}

function valueLines(name: string, value: string | null): string[] {
  if (value === null) return [`${name}: null`];
  if (!isBlock(value)) return [`${name}: ${oneLine(value)}`];
  const ends = value.endsWith('\n');
  const lines = (ends ? value.slice(0, -1) : value).split('\n');
  return [`${name}: ${ends ? '|' : '|-'}`, ...lines.map(indented)];
}

/** Whether a text can stand as it is, line by line: no indentation or blank at an end, which editors change. */
function isBlock(text: string): boolean {
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  if (lines.length < 2 || /^\s/.test(text) || lines.at(-1) === '') return false;
  return lines.every(
    (line) => !/\s$/.test(line) && escaped(line) === line.replaceAll('\\', '\\\\').replaceAll('"', '\\"'),
  );
}

/** A text on one line: as it is where it can be taken for nothing else, otherwise in double quotes. */
function oneLine(text: string): string {
  return PLAIN.test(text) && !RESERVED.test(text) ? text : `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(HIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function indented(line: string): string {
  return line === '' ? '' : `${INDENT}${line}`;
}
