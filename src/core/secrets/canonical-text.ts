/** A text with each character in one spelling. */
export interface CanonicalText {
  readonly text: string;
  /** The part of the original text that a range of this one is spelled by. */
  readonly original: (start: number, end: number) => readonly [start: number, end: number];
}

/**
 * Reads back the escapes of URLs, XML, JSON, SQL, shells and programming languages, also of each other and several
 * times. A secret and a text that repeats it have one canonical form, whichever characters an encoder escapes. Takes
 * linear time: each unit is added once, and an escape that ends is replaced by its character.
 *
 * Characters beyond ASCII become their bytes in UTF-8. Spellings that encoders share are one character here: a blank and
 * `+`, quotes that are doubled, a line break and the letter of its escape.
 */
export function canonicalText(text: string): CanonicalText {
  const units = new Units();
  for (let at = 0; at < text.length; at += 1) units.read(text.charCodeAt(at), at);
  return units.canonical();
}

const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const PERCENT = 0x25;
const LETTER_U = 0x75;
const MAX_ASCII = 0x7f;
const MAX_CODE_POINT = 0x10ffff;

/** `%2F`, `\x2f`, `\u002f`, `%u002f` and `\057` at the end of a text; the second and third group are not bytes. */
const ESCAPE = /(?:%|\\x)([0-9a-f]{2})$|[%\\]u([0-9a-f]{4})$|\\([0-3][0-7]{2})$/i;
const MAX_ESCAPE = 6;

/** `&#47;`, `&#x2f;` and `&sol;` at the end of a text. */
const REFERENCE = /&(?:#x0{0,6}([0-9a-f]{1,6})|#0{0,6}([0-9]{1,7})|([a-z]{2,8}));$/i;
const MAX_REFERENCE = 16;

/** Names of HTML 5, with their characters. */
const NAMED = new Map(
  Object.entries({
    ...{ amp: '&', AMP: '&', lt: '<', LT: '<', gt: '>', GT: '>', quot: '"', QUOT: '"', apos: "'", grave: '`' },
    ...{ excl: '!', num: '#', dollar: '$', percnt: '%', lpar: '(', rpar: ')', ast: '*', plus: '+', comma: ',' },
    ...{ period: '.', sol: '/', colon: ':', semi: ';', equals: '=', quest: '?', commat: '@', bsol: '\\', Hat: '^' },
    ...{ lsqb: '[', lbrack: '[', rsqb: ']', rbrack: ']', lcub: '{', lbrace: '{', rcub: '}', rbrace: '}' },
    ...{ lowbar: '_', verbar: '|', vert: '|', Tab: '\t', NewLine: '\n' },
  }),
);

/** The letters that follow a backslash in the escapes of control characters. */
const CONTROLS = new Map(
  Object.entries({
    '\0': '0',
    '\x07': 'a',
    '\b': 'b',
    '\t': 't',
    '\n': 'n',
    '\v': 'v',
    '\f': 'f',
    '\r': 'r',
    '\x1b': 'e',
  }),
);

interface Escape {
  /** How many units it has. */
  readonly length: number;
  readonly value: number;
  /** A byte of an encoding; else a code point. */
  readonly isByte: boolean;
}

/** The characters that were read: ASCII, bytes of UTF-8, and surrogates that wait for their other half. */
class Units {
  readonly #units: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** @param at the position of a unit of the original text */
  read(unit: number, at: number): void {
    this.#addCodePoint(unit, at, at + 1);
    // The character of an escape can be the end of another one.
    for (let ended = this.#endedEscape(); ended !== null; ended = this.#endedEscape()) {
      const start = this.#removeLast(ended.length);
      if (ended.isByte) this.#add(ended.value, start, at + 1);
      else this.#addCodePoint(ended.value, start, at + 1);
    }
  }

  canonical(): CanonicalText {
    const characters: string[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    let start: number | null = null;
    for (const [index, unit] of this.#units.entries()) {
      start ??= this.#starts[index] ?? 0;
      // It belongs to the escape of the next character, or is escaped itself.
      if (unit === BACKSLASH) continue;
      const written = String.fromCharCode(unit);
      const character = written === '+' ? ' ' : (CONTROLS.get(written) ?? written);
      const isDoubled = character === characters.at(-1) && /['"`]/.test(character);
      if (isDoubled) {
        ends[ends.length - 1] = this.#ends[index] ?? 0;
      } else {
        characters.push(character);
        starts.push(start);
        ends.push(this.#ends[index] ?? 0);
      }
      start = null;
    }
    return {
      text: characters.join(''),
      original: (from, to) => [starts[from] ?? 0, ends[to - 1] ?? 0],
    };
  }

  #addCodePoint(point: number, start: number, end: number): void {
    const last = this.#units.at(-1) ?? 0;
    if (isLowSurrogate(point) && isHighSurrogate(last)) {
      this.#addBytes(String.fromCharCode(last, point), this.#removeLast(1), end);
    } else if (point <= MAX_ASCII || isHighSurrogate(point) || isLowSurrogate(point)) {
      this.#add(point, start, end);
    } else {
      this.#addBytes(String.fromCodePoint(point), start, end);
    }
  }

  #addBytes(character: string, start: number, end: number): void {
    for (const byte of Buffer.from(character)) this.#add(byte, start, end);
  }

  #add(unit: number, start: number, end: number): void {
    // A backslash in front of a backslash, at any depth.
    if (unit === BACKSLASH && this.#units.at(-1) === BACKSLASH) {
      this.#ends[this.#ends.length - 1] = end;
      return;
    }
    this.#units.push(unit);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  /** @returns the start of the first of the removed units */
  #removeLast(count: number): number {
    const start = this.#starts.at(-count) ?? 0;
    for (const list of [this.#units, this.#starts, this.#ends]) list.length -= count;
    return start;
  }

  /** The escape that the last unit ends. */
  #endedEscape(): Escape | null {
    const { length } = this.#units;
    const last = this.#units[length - 1] ?? 0;
    if (last === SEMICOLON) return referenceAtEnd(this.#tail(MAX_REFERENCE));
    // Most characters end here, before a text is made.
    const mayEnd =
      this.#units[length - 3] === PERCENT ||
      this.#units[length - 4] === BACKSLASH ||
      this.#units[length - 5] === LETTER_U;
    return mayEnd ? escapeAtEnd(this.#tail(MAX_ESCAPE)) : null;
  }

  #tail(length: number): string {
    return String.fromCharCode(...this.#units.slice(-length));
  }
}

function escapeAtEnd(text: string): Escape | null {
  const found = ESCAPE.exec(text);
  if (found === null) return null;
  const [{ length }, byte, point, octal] = found;
  if (point !== undefined) return { length, value: Number.parseInt(point, 16), isByte: false };
  const value = octal === undefined ? Number.parseInt(byte ?? '', 16) : Number.parseInt(octal, 8);
  return { length, value, isByte: true };
}

function referenceAtEnd(text: string): Escape | null {
  const found = REFERENCE.exec(text);
  if (found === null) return null;
  const [{ length }, hex, decimal, name] = found;
  const value =
    name === undefined
      ? Number.parseInt(hex ?? decimal ?? '', hex === undefined ? 10 : 16)
      : NAMED.get(name)?.charCodeAt(0);
  return value === undefined || value > MAX_CODE_POINT ? null : { length, value, isByte: false };
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
