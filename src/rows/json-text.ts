/** A JSON value as a stored column prints it: numbers keep all digits that Dolt has. */
export interface JsonText {
  readonly text: string;
  /** The values of an object by key; null for everything else. Arrays are never split. */
  readonly entries: ReadonlyMap<string, JsonText> | null;
}

/** Larger or deeper documents are one cell. */
export const MAX_DOCUMENT_BYTES = 1_048_576;
export const MAX_DOCUMENT_DEPTH = 32;

const TOKEN = /[{}[\]:,]|"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*|true|false|null/sy;
const BLANK = /\s*/y;

/**
 * Parses a document that can be merged key by key and reassembled without loss.
 * @returns null if it cannot: not an object, too large, too deep, or with a number that Dolt would round when it stores
 * the document again (Dolt 2.3.0 reads every number as a double, but keeps the integers of JSON_OBJECT, measured)
 */
export function parseDocument(text: string): JsonText | null {
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) return null;
  const document = new Parser(text).document();
  return document === null || document.entries === null ? null : document;
}

class Parser {
  readonly #text: string;
  #at = 0;
  #isLossless = true;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonText | null {
    const value = this.#value(this.#next(), 1);
    return value !== null && this.#isLossless && this.#next() === '' ? value : null;
  }

  /** The next token; empty at the end, or if there is none. */
  #next(): string {
    BLANK.lastIndex = this.#at;
    BLANK.exec(this.#text);
    TOKEN.lastIndex = BLANK.lastIndex;
    const token = TOKEN.exec(this.#text)?.[0] ?? '';
    this.#at = token === '' ? BLANK.lastIndex : TOKEN.lastIndex;
    return token;
  }

  #value(token: string, depth: number): JsonText | null {
    const start = this.#at - token.length;
    if (token === '{') return this.#object(start, depth);
    if (token === '[') return this.#array(start, depth);
    if (/^[-0-9]/.test(token)) this.#isLossless &&= isStoredAsWritten(token);
    return token === '' || /^[\]},:]/.test(token) ? null : { text: token, entries: null };
  }

  #object(start: number, depth: number): JsonText | null {
    if (depth > MAX_DOCUMENT_DEPTH) return null;
    const entries = new Map<string, JsonText>();
    let token: string | null = this.#next();
    while (token !== '}') {
      const key = token.startsWith('"') ? stringOf(token) : null;
      if (key === null || this.#next() !== ':') return null;
      const value = this.#value(this.#next(), depth + 1);
      if (value === null) return null;
      entries.set(key, value);
      token = this.#afterComma('}');
      if (token === null) return null;
    }
    return { text: this.#text.slice(start, this.#at), entries };
  }

  /** The closing token, or the one after a comma; null if neither follows. */
  #afterComma(end: '}' | ']'): string | null {
    const token = this.#next();
    if (token === end) return token;
    const next = token === ',' ? this.#next() : end;
    return next === end ? null : next;
  }

  #array(start: number, depth: number): JsonText | null {
    if (depth > MAX_DOCUMENT_DEPTH) return null;
    let token: string | null = this.#next();
    while (token !== ']') {
      if (this.#value(token, depth + 1) === null) return null;
      token = this.#afterComma(']');
      if (token === null) return null;
    }
    return { text: this.#text.slice(start, this.#at), entries: null };
  }
}

/**
 * Whether Dolt, which reads a number as a double, prints it unchanged. Its shortest form is JavaScript's (measured).
 */
function isStoredAsWritten(token: string): boolean {
  return token === '-0' || String(Number(token)) === token;
}

function stringOf(token: string): string | null {
  try {
    return String(JSON.parse(token));
  } catch {
    return null;
  }
}

/** A path as MySQL writes it: `$.address."postal code"`. */
export function pathText(path: readonly string[]): string {
  return `$${path.map((key) => `.${/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)}`).join('')}`;
}
