import { Failure } from '../../core/failure.ts';

/** A token of a CREATE TABLE. `name` is an identifier in backticks, unquoted. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'sign';
  readonly text: string;
}

/** Parts of a table definition; each is merged as a unit. */
export type ItemKind = 'column' | 'primary key' | 'index' | 'check' | 'foreign key' | 'options';

/** One named part of a table definition. */
export interface Item {
  readonly kind: ItemKind;
  /** Empty for the primary key and the options, which exist once per table. */
  readonly name: string;
  /** The text as Dolt prints it. */
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** One part of an index: a column, with the length of its prefix, or an expression. */
export type IndexPart =
  | { readonly column: string; readonly prefix: number | null }
  | { readonly expression: string; readonly tokens: readonly Token[] };

const STRING = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/sy;
const NAME = /`(?:[^`]|``)*`/sy;
const WORD = /[A-Za-z_$@!0-9.\u0080-\uffff]+/y;
const BLANK = /\s+/y;
const QUOTES = ["'", '"', '`'];
const INDEX_WORDS = new Set(['UNIQUE', 'FULLTEXT', 'SPATIAL', 'VECTOR', 'KEY', 'INDEX']);

export interface PlacedToken extends Token {
  readonly at: number;
  readonly end: number;
}

/** How many characters are searched in vain for the ends of quotes; a definition that needs more is not read. */
const UNMATCHED = 20_000_000;

/**
 * Splits SQL as Dolt prints it into tokens. Text in quotes is one token.
 * @throws Failure `dolt-defect` for a text with so many unmatched quotes that reading it would take minutes
 */
export function tokensOf(sql: string): PlacedToken[] {
  const tokens: PlacedToken[] = [];
  let unmatched = 0;
  const kinds = [
    ['blank', BLANK],
    ['string', STRING],
    ['name', NAME],
    ['word', WORD],
  ] as const;
  for (let at = 0; at < sql.length; ) {
    const start = at;
    for (const [kind, pattern] of kinds) {
      pattern.lastIndex = start;
      const [text] = pattern.exec(sql) ?? [];
      if (text === undefined) continue;
      at += text.length;
      if (kind === 'name') tokens.push({ kind, text: text.slice(1, -1).replaceAll('``', '`'), at: start, end: at });
      else if (kind !== 'blank') tokens.push({ kind, text, at: start, end: at });
      break;
    }
    if (at > start) continue;
    at += 1;
    const text = sql.slice(start, at);
    tokens.push({ kind: 'sign', text, at: start, end: at });
    if (QUOTES.includes(text)) unmatched += sql.length - start;
    if (unmatched > UNMATCHED)
      throw new Failure('dolt-defect', 'a definition has too many unmatched quotes to be read', {
        hint: 'Shorten the comments, defaults and checks of the tables that the peer changes.',
      });
  }
  return tokens;
}

/**
 * The items of a table from its `SHOW CREATE TABLE`, without the AUTO_INCREMENT counter, which is not part of the
 * definition.
 */
export function tableItems(createTable: string): Item[] {
  const tokens = tokensOf(createTable);
  const open = tokens.findIndex(isSign('('));
  if (open < 0) return [];
  const close = closing(tokens, open);
  const items = splitAt(tokens.slice(open + 1, close)).map((part) => itemOf(createTable, part));
  const options = withoutCounter(tokens.slice(close + 1));
  return [...items, { kind: 'options', name: '', text: options.map(printed).join(' '), tokens: options }];
}

function itemOf(sql: string, tokens: readonly PlacedToken[]): Item {
  const text = sql.slice(tokens[0]?.at ?? 0, tokens.at(-1)?.end ?? 0);
  const [first, second, third] = tokens;
  const name = tokens.find(({ kind }) => kind === 'name')?.text ?? text;
  if (first?.kind === 'name') return { kind: 'column', name, text, tokens };
  if (isWord('PRIMARY')(first)) return { kind: 'primary key', name: '', text, tokens };
  if (isWord('CONSTRAINT')(first)) {
    const kind = isWord('FOREIGN')(third) ? 'foreign key' : 'check';
    return { kind, name: second?.text ?? text, text, tokens };
  }
  if (isWord('CHECK')(first)) return { kind: 'check', name: text, text, tokens };
  if (isWord('FOREIGN')(first)) return { kind: 'foreign key', name: text, text, tokens };
  return { kind: 'index', name: INDEX_WORDS.has(first?.text.toUpperCase() ?? '') ? name : text, text, tokens };
}

function withoutCounter(tokens: readonly Token[]): Token[] {
  const at = tokens.findIndex(isWord('AUTO_INCREMENT'));
  return at < 0 ? [...tokens] : [...tokens.slice(0, at), ...tokens.slice(at + 3)];
}

/** The parts of an index, in order. */
export function indexParts({ text, tokens }: Item): IndexPart[] {
  const placed = tokensOf(text);
  const open = tokens.findIndex(isSign('('));
  return splitAt(placed.slice(open + 1, closing(placed, open))).map((part): IndexPart => {
    const [first, second, third] = part;
    if (first?.kind === 'name') {
      return { column: first.text, prefix: isSign('(')(second) ? Number(third?.text) : null };
    }
    return { expression: text.slice(first?.at ?? 0, part.at(-1)?.end ?? 0), tokens: part };
  });
}

export function isUniqueIndex({ kind, tokens }: Item): boolean {
  return kind === 'index' && isWord('UNIQUE')(tokens[0]);
}

/** The tokens of a column's DEFAULT; empty if it has none, or a literal one. */
export function defaultTokens({ tokens }: Item): readonly Token[] {
  const outer = depths(tokens);
  const start = tokens.findIndex((token, index) => outer[index] === 0 && isWord('DEFAULT')(token));
  if (start < 0) return [];
  const end = tokens.findIndex(
    (token, index) => index > start && outer[index] === 0 && (isWord('ON')(token) || isWord('COMMENT')(token)),
  );
  return tokens.slice(start + 1, end < 0 ? undefined : end);
}

/** The DEFAULT of a column as in a CREATE TABLE; empty if it has none. */
export function defaultText({ text }: Pick<Item, 'text'>): string {
  const tokens = tokensOf(text);
  const outer = depths(tokens);
  const start = tokens.findIndex((token, index) => outer[index] === 0 && isWord('DEFAULT')(token));
  const end = tokens.findIndex(
    (token, index) => index > start && outer[index] === 0 && (isWord('ON')(token) || isWord('COMMENT')(token)),
  );
  return start < 0 ? '' : text.slice(tokens[start]?.at, end < 0 ? undefined : tokens[end]?.at).trim();
}

const AFTER_TYPE = new Set([
  'NOT',
  'NULL',
  'DEFAULT',
  'AUTO_INCREMENT',
  'COMMENT',
  'ON',
  'GENERATED',
  'INVISIBLE',
  '/',
]);

/** A column's type as in a CREATE TABLE, with its character set and collation. */
export function columnType({ text }: Item): string {
  const tokens = tokensOf(text);
  const outer = depths(tokens);
  const end = tokens.findIndex(
    ({ kind, text: word }, index) => kind !== 'string' && outer[index] === 0 && AFTER_TYPE.has(word.toUpperCase()),
  );
  const start = tokens[0]?.end ?? 0;
  return text.slice(start, end < 0 ? undefined : tokens[end]?.at).trim();
}

export function isNotNull({ tokens }: Item): boolean {
  const outer = depths(tokens);
  return tokens.some((token, index) => outer[index] === 0 && isWord('NOT')(token) && isWord('NULL')(tokens[index + 1]));
}

/** The table's character set and collation as in a CREATE TABLE; columns without their own use them. */
export function tableCollation(items: readonly Item[]): string {
  const options = items.find(({ kind }) => kind === 'options')?.tokens ?? [];
  const at = options.findIndex(isWord('COLLATE'));
  return at < 0 ? '' : `COLLATE ${options[at + 2]?.text ?? ''}`;
}

function depths(tokens: readonly Token[]): number[] {
  let depth = 0;
  return tokens.map((token) => {
    if (isSign('(')(token)) depth += 1;
    const own = depth;
    if (isSign(')')(token)) depth -= 1;
    return own;
  });
}

function closing(tokens: readonly Token[], open: number): number {
  const outer = depths(tokens);
  const at = tokens.findIndex((token, index) => index > open && outer[index] === outer[open] && isSign(')')(token));
  return at < 0 ? tokens.length : at;
}

/** Parts between commas outside all brackets. */
function splitAt(tokens: readonly PlacedToken[]): PlacedToken[][] {
  const outer = depths(tokens);
  const parts: PlacedToken[][] = [[]];
  tokens.forEach((token, index) => {
    if (outer[index] === 0 && isSign(',')(token)) parts.push([]);
    else parts.at(-1)?.push(token);
  });
  return parts.filter((part) => part.length > 0);
}

function printed({ kind, text }: Token): string {
  return kind === 'name' ? `\`${text.replaceAll('`', '``')}\`` : text;
}

function isSign(sign: string): (token: Token | undefined) => boolean {
  return (token) => token?.kind === 'sign' && token.text === sign;
}

function isWord(word: string): (token: Token | undefined) => boolean {
  return (token) => token?.kind === 'word' && token.text.toUpperCase() === word;
}
