/** A part of a text with each character in one spelling. */
export interface CanonicalPart {
  readonly text: string;
  /** The part of the original text that a range of this one is spelled by. */
  readonly original: (start: number, end: number) => readonly [start: number, end: number];
}

/** The whole canonical form of a text: a secret has one, which a text that repeats it contains. */
export function canonicalText(text: string): string {
  return [...canonicalParts(text, text.length)].map((part) => part.text).join('');
}

/**
 * Reads back the escapes of URLs, XML, JSON, SQL, shells and programming languages, also of each other and several
 * times. A secret and a text that repeats it have one canonical form, whichever characters an encoder escapes. Takes
 * linear time: each unit is added once, and an escape that ends is replaced by its character. The memory does not grow
 * with the text, which a peer can make large.
 *
 * Characters beyond ASCII become their bytes in UTF-8. Spellings that encoders share are one character here: a blank and
 * `+`, quotes in a row, a line break and the letter of its escape.
 *
 * @param overlap how many characters of a part the next one repeats: the longest text that is looked up in them
 */
export function* canonicalParts(text: string, overlap: number): Generator<CanonicalPart> {
  if (!CHANGES.test(text)) {
    yield { text, original: (start, end) => [start, end] };
    return;
  }
  const size = Math.min(Math.max(PART, 4 * overlap), MAX_BYTES * text.length + 1);
  const units = new Units(size);
  const characters = new Characters(size + Math.min(overlap, size));
  for (let at = 0; at < text.length; at += 1) {
    units.read(text.charCodeAt(at), at);
    if (units.length < size) continue;
    units.moveTo(characters, MAX_PENDING);
    yield characters.part();
    characters.keepLast(overlap);
  }
  units.moveTo(characters, 0);
  yield characters.part();
}

/** A text without such characters is its own canonical form. */
const CHANGES = /[^\x20-\x7e]|[%\\&+'"`]/;

/** How many units are held at a time. */
const PART = 32_768;
/** How many of them can belong to an escape that has not ended: hundreds, one in another. */
const MAX_PENDING = 1_024;
/** A unit of UTF-16 has at most three bytes in UTF-8. */
const MAX_BYTES = 3;

const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const CLOSING_BRACE = 0x7d;
const PERCENT = 0x25;
const QUOTE = 0x27;
const MAX_ASCII = 0x7f;
const MAX_CODE_POINT = 0x10ffff;

/** `%2F`, `\x2f`, `\u002f`, `%u002f`, `\U0000002f` and `\057` at the end of a text. */
const ESCAPE =
  /(?:%|\\[xX])(?<byte>[0-9a-fA-F]{2})$|(?:\\u|%[uU])(?<short>[0-9a-fA-F]{4})$|\\U(?<long>[0-9a-fA-F]{8})$|\\(?<octal>[0-3][0-7]{2})$/;
const MAX_ESCAPE = 10;

/** `\u{2f}` and `\x{2f}` at the end of a text. A shell and a pattern escape their signs again: `\u\{2f\}`. */
const BRACED = /\\[ux]\\?\{0{0,6}([0-9a-f]{1,6})\\?\}$/i;

/** `&#47;`, `&#x2f;` and `&sol;` at the end of a text, and `&\#47\;`. */
const REFERENCE = /&(?:\\?#x0{0,6}([0-9a-f]{1,6})|\\?#0{0,6}([0-9]{1,7})|([a-z]{2,8}))\\?;$/i;
const MAX_REFERENCE = 18;

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

const SHARED = new Map(
  Object.entries({
    ...{ '\0': '0', '\x07': 'a', '\b': 'b', '\t': 't', '\n': 'n', '\v': 'v', '\f': 'f', '\r': 'r', '\x1b': 'e' },
    ...{ '+': ' ', '"': "'", '`': "'" },
  }),
);

/** For each unit of ASCII the one that is written for it, such as the letter after a backslash for a control character. */
const WRITTEN = Uint8Array.from({ length: MAX_ASCII + 1 }, (_, unit) => {
  const character = String.fromCharCode(unit);
  return (SHARED.get(character) ?? character).charCodeAt(0);
});

interface Escape {
  /** How many units it has. */
  readonly length: number;
  readonly value: number;
  /** A byte of an encoding; else a code point. */
  readonly isByte: boolean;
}

/** Units, each with the range of the original text that it is spelled by. */
class Spelled {
  length = 0;
  readonly units: Uint16Array<ArrayBuffer>;
  /** How often each was escaped. */
  readonly depths: Uint8ClampedArray;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;

  constructor(capacity: number) {
    this.units = new Uint16Array(capacity);
    this.depths = new Uint8ClampedArray(capacity);
    this.starts = new Uint32Array(capacity);
    this.ends = new Uint32Array(capacity);
  }

  push(unit: number, start: number, end: number, depth = 0): void {
    this.units[this.length] = unit;
    this.depths[this.length] = depth;
    this.starts[this.length] = start;
    this.ends[this.length] = end;
    this.length += 1;
  }

  /** Removes all but the first and the last units. */
  keep(first: number, last: number): void {
    if (first + last >= this.length) return;
    for (const list of [this.units, this.depths, this.starts, this.ends])
      list.copyWithin(first, this.length - last, this.length);
    this.length = first + last;
  }
}

/** The characters that were read: ASCII, bytes of UTF-8, and surrogates that wait for their other half. */
class Units {
  readonly #spelled: Spelled;

  constructor(capacity: number) {
    this.#spelled = new Spelled(MARGIN + capacity + MAX_CHARACTER);
    this.#spelled.length = MARGIN;
  }

  get length(): number {
    return this.#spelled.length - MARGIN;
  }

  /** @param at the position of a unit of the original text */
  read(unit: number, at: number): void {
    this.#addCodePoint(unit, at, at + 1, 0);
    // The character of an escape can be the end of another one.
    for (let ended = this.#endedEscape(); ended !== null; ended = this.#endedEscape()) {
      const depth = 1 + this.#deepest(ended.length);
      const start = this.#removeLast(ended.length + this.#escapesOf(ended));
      if (ended.isByte) this.#add(ended.value, start, at + 1, depth);
      else this.#addCodePoint(ended.value, start, at + 1, depth);
    }
  }

  /** @param kept how many of the last units stay: they can belong to an escape that has not ended */
  moveTo(characters: Characters, kept: number): void {
    const { units, starts, ends, length } = this.#spelled;
    for (let index = MARGIN; index < length - kept; index += 1)
      characters.add(units[index] ?? 0, starts[index] ?? 0, ends[index] ?? 0);
    this.#spelled.keep(MARGIN, kept);
  }

  get #last(): number {
    return this.#spelled.units[this.#spelled.length - 1] ?? 0;
  }

  #addCodePoint(point: number, start: number, end: number, depth: number): void {
    if (isLowSurrogate(point) && isHighSurrogate(this.#last)) {
      this.#addBytes(String.fromCharCode(this.#last, point), this.#removeLast(1), end, depth);
    } else if (point <= MAX_ASCII || isHighSurrogate(point) || isLowSurrogate(point)) {
      this.#add(point, start, end, depth);
    } else {
      this.#addBytes(String.fromCodePoint(point), start, end, depth);
    }
  }

  #addBytes(character: string, start: number, end: number, depth: number): void {
    for (const byte of Buffer.from(character)) this.#add(byte, start, end, depth);
  }

  #add(unit: number, start: number, end: number, depth: number): void {
    // A backslash in front of a backslash. One that was escaped itself is in front of what the next one begins.
    const isEscaped = unit === BACKSLASH && this.#last === BACKSLASH && this.#deepest(1) === depth;
    if (isEscaped) this.#spelled.ends[this.#spelled.length - 1] = end;
    else this.#spelled.push(unit, start, end, depth);
  }

  /** How often one of the last units was escaped. */
  #deepest(count: number): number {
    const { depths, length } = this.#spelled;
    let deepest = 0;
    for (let at = length - count; at < length; at += 1) deepest = Math.max(deepest, depths[at] ?? 0);
    return deepest;
  }

  /** The backslash in front of the sign that begins an escape: `\%41` and `\&#65;`. */
  #escapesOf({ length }: Escape): number {
    const { units, depths, length: end } = this.#spelled;
    const sign = end - length;
    const isEscaped = units[sign - 1] === BACKSLASH && depths[sign - 1] === depths[sign];
    return isEscaped && units[sign] !== BACKSLASH ? 1 : 0;
  }

  /** @returns the start of the first of the removed units */
  #removeLast(count: number): number {
    this.#spelled.length -= count;
    return this.#spelled.starts[this.#spelled.length] ?? 0;
  }

  /** The escape that the last unit ends. */
  #endedEscape(): Escape | null {
    const { units, length } = this.#spelled;
    const last = this.#last;
    if (last === SEMICOLON) return referenceAtEnd(this.#tail(MAX_REFERENCE));
    if (last === CLOSING_BRACE) return bracedAtEnd(this.#tail(MAX_REFERENCE));
    // Most characters end here, before a text is made.
    const mayEnd =
      units[length - 3] === PERCENT ||
      units[length - 4] === BACKSLASH ||
      units[length - 6] === PERCENT ||
      units[length - 6] === BACKSLASH ||
      units[length - MAX_ESCAPE] === BACKSLASH;
    return mayEnd ? escapeAtEnd(this.#tail(MAX_ESCAPE)) : null;
  }

  #tail(length: number): string {
    const { units, length: end } = this.#spelled;
    let tail = '';
    for (let at = end - length; at < end; at += 1) tail += String.fromCharCode(units[at] ?? 0);
    return tail;
  }
}

/** Units of zero in front of the others: the longest escape is read without a check of its place. */
const MARGIN = MAX_REFERENCE;
/** The longest character, in bytes. */
const MAX_CHARACTER = 4;

/** The characters of a canonical text. */
class Characters {
  readonly #spelled: Spelled;
  /** The start of a backslash in front of the next character. */
  #escaped: number | null = null;

  constructor(capacity: number) {
    this.#spelled = new Spelled(capacity + MAX_CHARACTER);
  }

  add(unit: number, start: number, end: number): void {
    const first = this.#escaped ?? start;
    // It belongs to the escape of the next character, or is escaped itself.
    this.#escaped = unit === BACKSLASH ? first : null;
    if (unit === BACKSLASH) return;
    const last = this.#spelled.length - 1;
    const written = WRITTEN[unit] ?? unit;
    // A quote is doubled, or put between quotes of another kind.
    if (written === QUOTE && this.#spelled.units[last] === QUOTE) this.#spelled.ends[last] = end;
    else this.#spelled.push(written, first, end);
  }

  part(): CanonicalPart {
    const { units, starts, ends, length } = this.#spelled;
    return {
      text: Buffer.from(units.buffer, 0, length * units.BYTES_PER_ELEMENT).toString('utf16le'),
      original: (from, to) => [starts[from] ?? 0, ends[to - 1] ?? 0],
    };
  }

  keepLast(count: number): void {
    this.#spelled.keep(0, count);
  }
}

function escapeAtEnd(text: string): Escape | null {
  const found = ESCAPE.exec(text);
  if (found === null) return null;
  const [{ length }] = found;
  const { byte, octal, short, long } = found.groups ?? {};
  if (byte !== undefined) return { length, value: Number.parseInt(byte, 16), isByte: true };
  if (octal !== undefined) return { length, value: Number.parseInt(octal, 8), isByte: true };
  return codePoint(length, Number.parseInt(short ?? long ?? '', 16));
}

function bracedAtEnd(text: string): Escape | null {
  const found = BRACED.exec(text);
  return found === null ? null : codePoint(found[0].length, Number.parseInt(found[1] ?? '', 16));
}

function referenceAtEnd(text: string): Escape | null {
  const found = REFERENCE.exec(text);
  if (found === null) return null;
  const [{ length }, hex, decimal, name] = found;
  if (name === undefined) return codePoint(length, Number.parseInt(hex ?? decimal ?? '', hex === undefined ? 10 : 16));
  const value = NAMED.get(name)?.charCodeAt(0);
  return value === undefined ? null : codePoint(length, value);
}

function codePoint(length: number, value: number): Escape | null {
  return value > MAX_CODE_POINT ? null : { length, value, isByte: false };
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
