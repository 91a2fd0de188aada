import { defaultTokens, type Item, indexParts, type Token, tokensOf } from './create-table.ts';

/** A function that a table's expression calls and that is not known to be harmless. */
export interface ForeignCall {
  readonly function: string;
  /** The column, check or index that calls it. */
  readonly item: string;
  readonly kind: Item['kind'];
}

/** Words before an opening bracket that are not function calls. */
const OPERATORS = new Set(
  'AND OR NOT XOR IN IS AS LIKE BETWEEN CASE WHEN THEN ELSE DIV MOD INTERVAL CHECK DEFAULT ALWAYS FROM FOR BOTH LEADING TRAILING BY ESCAPE COLLATE USING DISTINCT BINARY'.split(
    ' ',
  ),
);

/** Types that have a length, in CAST and CONVERT. */
const TYPES = 'DECIMAL CHAR NCHAR VARCHAR BINARY VARBINARY DATETIME TIMESTAMP TIME FLOAT DOUBLE';

/**
 * Functions with a small result, or one not much larger than their arguments, that read nothing else. All others may
 * wait, read data or fill the memory while Dolt computes them for our rows. Missing are functions that end Dolt 2.3.0, or
 * fail, for a value that it stores outside of its row, as it does with more than about 2 KB: ROUND, UNHEX, MD5, SHA, SHA1,
 * SHA2, CRC32 and FROM_UNIXTIME. It accepts such a value, and then cannot read the table (measured).
 */
const ALLOWED = new Set(
  `CASE CAST CONVERT COALESCE IF IFNULL NULLIF GREATEST LEAST ABS FLOOR CEIL CEILING MOD SIGN LOWER UPPER LCASE UCASE
  TRIM LTRIM RTRIM CONCAT CONCAT_WS SUBSTRING SUBSTR SUBSTRING_INDEX MID LEFT RIGHT LENGTH OCTET_LENGTH CHAR_LENGTH
  CHARACTER_LENGTH REPLACE LOCATE POSITION INSTR HEX UUID UUID_TO_BIN BIN_TO_UUID NOW
  CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME LOCALTIME LOCALTIMESTAMP CURDATE CURTIME UTC_TIMESTAMP UTC_DATE UTC_TIME
  DATE YEAR MONTH DAY DAYOFMONTH DATE_FORMAT DATE_ADD DATE_SUB ADDDATE SUBDATE DATEDIFF TIMESTAMPDIFF
  UNIX_TIMESTAMP POINT LINESTRING POLYGON MULTIPOINT MULTILINESTRING MULTIPOLYGON GEOMETRYCOLLECTION
  GEOMCOLLECTION ${TYPES}`.split(/\s+/),
);
const ST_CONSTRUCTOR = /^ST_\w*FROM(?:TEXT|TXT|WKB|GEOJSON)$/;
const PATTERN_FUNCTIONS = new Set(['REGEXP_LIKE', 'JSON_EXTRACT']);
/** The same for a path or a text that is stored outside of its row. */
const REFUSED_JSON = new Set(
  'JSON_TABLE JSON_SEARCH JSON_VALUE JSON_CONTAINS JSON_CONTAINS_PATH JSON_QUOTE'.split(' '),
);
const PATTERN_OPERATORS = new Set(['REGEXP', 'RLIKE']);
const MAX_PATTERN = 200;

/** Types that a CAST fills up to their length: a CAST to BINARY(2000000000) takes 2 GB (Dolt 2.3.0, measured). */
const SIZED = new Set(['BINARY', 'VARBINARY', 'CHAR', 'NCHAR', 'VARCHAR']);
const LONGEST = 65_535;

/** Functions that can be called without brackets and return the current user. */
const BARE = new Set(['CURRENT_USER', 'CURRENT_ROLE', 'SESSION_USER', 'SYSTEM_USER']);

/** The keywords before an expression of a table; they may also occur elsewhere. */
const MAY_COMPUTE = /\(\(|\bDEFAULT\s*\(|\bCHECK\b|\bGENERATED\b|\bAS\b/i;

/**
 * Whether the expressions of a table can be parsed. Dolt 2.3.0 (measured) prints the names in a functional index
 * without backticks, so a quote in a name seems to start a string. In other expressions it does not double the
 * backticks of a name, so one seems to start a name.
 * @param names of the table and its columns
 * @param hasOddComment whether the comment of an index ends its own quotes (see index-comments.ts)
 */
export function isReadable(createTable: string, names: readonly string[], hasOddComment = false): boolean {
  const isOdd = hasOddComment || names.some((name) => name.includes('`'));
  if (isOdd && MAY_COMPUTE.test(createTable)) return false;
  const key = createTable.indexOf('KEY');
  const mayCompute = key >= 0 && createTable.includes('((', key);
  return !(mayCompute && names.some((name) => /['"\\]/.test(name)));
}

/**
 * The calls in defaults, generated columns, checks and functional indexes of a table that are not allowed.
 * @param known expressions that already exist
 */
export function foreignCalls(items: readonly Item[], known: ReadonlySet<string> = new Set()): ForeignCall[] {
  const found = items.flatMap((item) =>
    expressionsOf(item)
      .filter((tokens) => !known.has(textOf(tokens)))
      .flatMap(callsOf)
      .map((name): ForeignCall => ({ function: name, item: item.name, kind: item.kind })),
  );
  return [...new Map(found.map((call) => [JSON.stringify(call), call])).values()];
}

/** The expressions of a table, for the parameter `known` of `foreignCalls`. */
export function expressionTexts(items: readonly Item[]): string[] {
  return items.flatMap((item) => expressionsOf(item).map(textOf));
}

function expressionsOf(item: Item): (readonly Token[])[] {
  switch (item.kind) {
    case 'column':
      return [defaultTokens(item), generation(item)].filter((tokens) => tokens.length > 0);
    case 'check':
      return [item.tokens];
    case 'index':
      // Quotes cannot be trusted here, see `isReadable`.
      return indexParts(item).flatMap((part) =>
        'tokens' in part ? [part.tokens, tokensOf(part.expression.replaceAll(/['"`]/g, ' '))] : [],
      );
    case 'primary key':
    case 'foreign key':
    case 'options':
      return [];
  }
}

/** From GENERATED on, or from AS if Dolt omits the words; a type contains no AS. */
function generation({ tokens }: Item): readonly Token[] {
  const start = tokens.findIndex(({ kind, text }) => kind === 'word' && /^(?:GENERATED|AS)$/i.test(text));
  return start < 0 ? [] : tokens.slice(start);
}

function callsOf(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token, index) => {
    if (token.kind !== 'word' && token.kind !== 'name') return [];
    const name = token.text.toUpperCase();
    if (token.kind === 'word' && (name.startsWith('@') || BARE.has(name))) return [name];
    if (token.kind === 'word' && PATTERN_OPERATORS.has(name)) return isLiteral(tokens[index + 1]) ? [] : [name];
    if (!isSign(tokens[index + 1], '(')) return [];
    const length = tokens[index + 2]?.text ?? '';
    if (SIZED.has(name) && Number(length) > LONGEST) return [`${name}(${length})`];
    if (token.kind === 'word' && OPERATORS.has(name)) return [];
    if (PATTERN_FUNCTIONS.has(name))
      return hasLiteralPattern(tokens.slice(index + 2), name !== 'JSON_EXTRACT') ? [] : [name];
    return isAllowed(name) ? [] : [name];
  });
}

function isAllowed(name: string): boolean {
  return ALLOWED.has(name) || ST_CONSTRUCTOR.test(name) || (name.startsWith('JSON_') && !REFUSED_JSON.has(name));
}

/**
 * Whether the second argument of a call is one string.
 * @param rest what follows the opening bracket
 * @param mayHaveMore whether other arguments may follow
 */
function hasLiteralPattern(rest: readonly Token[], mayHaveMore: boolean): boolean {
  let depth = 0;
  for (const [index, token] of rest.entries()) {
    if (isSign(token, '(')) depth += 1;
    if (isSign(token, ')')) depth -= 1;
    if (depth < 0) return false;
    if (depth > 0 || !isSign(token, ',')) continue;
    const after = rest[index + 2];
    return isLiteral(rest[index + 1]) && (isSign(after, ')') || (mayHaveMore && isSign(after, ',')));
  }
  return false;
}

function isLiteral(token: Token | undefined): boolean {
  return token?.kind === 'string' && token.text.length <= MAX_PATTERN + 2;
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign;
}

function textOf(tokens: readonly Token[]): string {
  return JSON.stringify(tokens.map(({ kind, text }) => [kind, text]));
}
