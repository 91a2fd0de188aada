import {
  type Document,
  isMap,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { Failure, type Location } from '../../core/failure.ts';
import { shownValue } from '../../core/text.ts';
import { Problems } from '../problems.ts';
import { syntaxSlip } from './syntax-error.ts';

/** The start of every message about the syntax. The rest of the message repeats nothing of the text. */
export const INVALID_YAML = 'invalid YAML: ';

/** Parsed YAML, with positions. */
export interface YamlText {
  readonly document: Document;
  /** Null if the text is empty. */
  readonly root: YAMLMap | null;
  /** The position of a node; only the file if it has none. */
  readonly place: (node: unknown) => Location;
}

/**
 * Reads one YAML 1.2 document whose top level is a mapping.
 * @param file how messages name the text
 * @throws Failure `config-syntax`, the first error of the syntax, else every fault as `problems` lists them; no message repeats the text itself.
 */
export function parseYaml(text: string, file: string): YamlText {
  return withoutStacks(() => readYaml(text, file));
}

function readYaml(text: string, file: string): YamlText {
  const beyond = beyondLimits(text);
  if (beyond !== null)
    throw new Failure('config-syntax', beyond.message, { location: { file, line: beyond.line, column: 1 } });
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    strict: true,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
    // Its warnings go to the process and repeat the text.
    logLevel: 'error',
  });
  const at = (offset: number): Location => {
    const { line, col } = lines.linePos(offset);
    // No editor counts a byte order mark.
    const marks = line <= 1 && text.startsWith('\uFEFF') ? 1 : 0;
    return { file, line: Math.max(line, 1), column: Math.max(col - marks, 1) };
  };
  const place = (node: unknown): Location => (isNode(node) && node.range ? at(node.range[0]) : { file });
  const problems = new Problems();
  const refuse = (message: string, location: Location, hint?: string | null) =>
    problems.add(new Failure('config-syntax', message, { location, hint: hint ?? undefined }));
  // One slip often gives several errors; the first is the one to correct.
  for (const error of document.errors.slice(0, 1)) {
    const { offset, message, hint } = syntaxSlip(text, error);
    refuse(`${INVALID_YAML}${message}`, at(offset), hint);
  }
  problems.throwIfAny();
  const { explicit, version } = document.directives?.yaml ?? { explicit: false, version: '1.2' };
  if (explicit && version !== '1.2')
    refuse(`YAML ${version} is not supported; use YAML 1.2`, { file, line: 1, column: 1 });
  const faults = [...duplicateKeys(document, (node) => place(node).line), ...aliasFaults(document)];
  for (const { message, node, hint } of faults) refuse(message, place(node), hint);
  const root = document.contents;
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null)) {
    const hint = 'Write `key: value` lines, with a space after the colon and without a dash.';
    refuse('the top level is not a mapping of keys to values', place(root), hint);
  }
  problems.throwIfAny();
  return { document, root: isMap(root) ? root : null, place };
}

/**
 * Runs work without stacks of its errors. There is one for each fault, up to one per character, and their stacks take
 * most of the time and memory (yaml 2.9.1: 13 s and 1.4 GiB for 1 MiB of `]`, and 4 s without them).
 */
function withoutStacks<T>(work: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** More than a person writes. Resolving an alias walks the document, so their number is limited. */
const MAX_ALIASES = 1000;
/** Maximum expansion factor of aliases. */
const MAX_MULTIPLIED = 100;

interface YamlFault {
  readonly message: string;
  readonly node: Node | null;
  readonly hint?: string;
}

/**
 * Duplicate keys of one mapping. The library can detect them, but compares every pair of keys: minutes for one long
 * mapping (yaml 2.9.1).
 */
function duplicateKeys(document: Document, lineOf: (node: Node) => number | undefined): readonly YamlFault[] {
  const found: YamlFault[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Map<unknown, Node>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        // `1` and `"1"` are two keys in YAML, but the same name as text.
        const names = [key.value, key.source];
        const first = names.map((name) => seen.get(name)).find((node) => node !== undefined);
        for (const name of names) seen.set(name, first ?? key);
        if (first !== undefined) {
          const message = `the key ${shownValue(String(key.value))} appears twice in one mapping, first at line ${lineOf(first)}`;
          found.push({ message, node: key, hint: 'Keep one of them.' });
        }
      }
    },
  });
  return found;
}

/** Undefined aliases, and aliases that are too many or expand too much. */
function aliasFaults(document: Document): readonly YamlFault[] {
  const found: YamlFault[] = [];
  const anchors = new Set<string>();
  let aliases = 0;
  let first: Node | null = null;
  visit(document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
    },
    Alias(_, alias) {
      aliases += 1;
      first ??= alias;
      if (!anchors.has(alias.source))
        found.push({
          message: `the alias "*${alias.source}" has no anchor`,
          node: alias,
          hint: 'Put a value that starts with `*` in quotes.',
        });
    },
  });
  if (aliases > MAX_ALIASES) return [{ message: `it contains more than ${MAX_ALIASES} aliases`, node: first }];
  if (aliases === 0 || found.length > 0 || !multiplies(document)) return found;
  return [{ message: 'its aliases expand to too many values', node: first }];
}

function multiplies(document: Document): boolean {
  try {
    document.toJS({ maxAliasCount: MAX_MULTIPLIED });
    return false;
  } catch (error) {
    if (error instanceof ReferenceError) return true;
    throw error;
  }
}

const MAX_DEPTH = 100;
const MAX_INDENT = 400;

/** More than a conflicts file of 64 MiB has; each takes about 160 bytes in the parser. */
const MAX_LEXEMES = 10_000_000;

/** Why YAML is refused, and at which line. */
interface BeyondLimits {
  readonly message: string;
  readonly line: number;
}

/**
 * Whether YAML is nested or long beyond the limits. yaml 2.9.1 composes recursively: half a megabyte of `[` has ended
 * the whole process in V8 (`RegExpCompiler Allocation failed`), which cannot be caught, and 64 MiB of short values do
 * not fit into its memory. The lexer is not recursive.
 */
function beyondLimits(text: string): BeyondLimits | null {
  let flow = 0;
  let compact = 0;
  let lineStart = true;
  let line = 1;
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    if (lexeme === '\n' || lexeme === '\r\n') compact = 0;
    else if (lexeme === '-' || lexeme === '?') compact += 1;
    else if (lexeme === '[' || lexeme === '{') flow += 1;
    else if (lexeme === ']' || lexeme === '}') flow -= 1;
    const isIndented = lineStart && lexeme.length > MAX_INDENT && /^ +$/.test(lexeme);
    if (isIndented || flow > MAX_DEPTH || compact > MAX_DEPTH)
      return { message: 'the YAML is nested too deeply', line };
    if (count > MAX_LEXEMES) return { message: 'the YAML contains too many values', line };
    lineStart = lexeme.endsWith('\n');
    if (lineStart) line += lexeme.split('\n').length - 1;
  }
  return null;
}
