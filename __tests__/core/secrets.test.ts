import { expect, test } from '@jest/globals';
import { Secrets } from '../../src/core/secrets.ts';

test('every added value is hidden wherever it occurs, and no other text', () => {
  const secrets = new Secrets();
  const text = 'short and shorter, a.c and abc';
  expect(secrets.hide(text)).toBe(text);
  for (const secret of ['', 'short', 'shorter', 'a.c', 'short']) secrets.add(secret);
  expect(secrets.hide(text)).toBe('*** and ***, *** and abc');
});

test.each([
  [['abcdefghij', 'ghijklmnop'], 'x abcdefghijklmnop y', 'x *** y'],
  [['abcdefgh', 'abcdefgh'], 'abcdefghabcdefgh', '******'],
  [['abcdefgh1', 'abcdefgh12', 'h1'], 'abcdefgh, h1, abcdefgh1 and abcdefgh12', 'abcdefgh, ***, *** and ***'],
  [['abcdefgh1', 'bcd'], 'abcdefgh', 'a***efgh'],
  [['x'], 'axxb', 'a******b'],
])('values that overlap or begin alike are hidden as a whole: %j', (values, text, shown) => {
  const secrets = new Secrets();
  for (const value of values) secrets.add(value);
  expect(secrets.hide(text)).toBe(shown);
});

/** A secret with the characters that encoders treat differently. */
const SECRET = `a/b+c~d=e&f"g'h\\i j%k@lä😀`;
const utf16 = (text: string, from: RegExp, write: (digits: string) => string) =>
  text.replace(from, (unit) => write(unit.charCodeAt(0).toString(16).padStart(4, '0')));
const points = (text: string, from: RegExp, write: (hex: string) => string) =>
  text.replace(from, (character) => write(character.codePointAt(0)?.toString(16) ?? ''));
const url = (kept: RegExp) => (text: string) =>
  encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return kept.test(character) ? character : code;
  });
const json = (text: string) => JSON.stringify(text).slice(1, -1);
const xml = (text: string) => text.replace(/[^a-z]/gu, (character) => `&#${character.codePointAt(0)};`);

const SPELLINGS: readonly (readonly [string, (text: string) => string])[] = [
  ['plain', (text) => text],
  ['URL, quote of Python', url(/\//)],
  ['URL, PathEscape of Go', url(/[$&+:=@]/)],
  ['URL, forms', (text) => new URLSearchParams([['', text]]).toString().slice(1)],
  ['URL, encodeURI', encodeURI],
  ['URL, user', (text) => Object.assign(new URL('https://h.example'), { password: text }).password],
  ['URL, lower-case digits', (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase())],
  ['URL, every byte', (text) => Buffer.from(text).toString('hex').replace(/../g, '%$&')],
  ['URL, escape of JavaScript', (text) => utf16(text, /[^a-z]/g, (digits) => `%u${digits}`)],
  ['URL, twice', (text) => encodeURIComponent(encodeURIComponent(text))],
  ['JSON', json],
  ['JSON, twice', (text) => json(json(text))],
  ['JSON, Gson', (text) => utf16(json(text), /[<>&=']/g, (digits) => `\\u${digits}`)],
  ['JSON, every character', (text) => utf16(text, /[\s\S]/g, (digits) => `\\u${digits.toUpperCase()}`)],
  ['JSON in a URL', (text) => encodeURIComponent(json(text))],
  ['JSON in XML', (text) => xml(json(text))],
  ['XML', xml],
  ['XML, hexadecimal', (text) => text.replace(/[^a-z]/gu, (one) => `&#x${one.codePointAt(0)?.toString(16)};`)],
  ['XML, htmlspecialchars', (text) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/'/g, '&#039;')],
  ['HTML, names', (text) => text.replace(/[/+=&"'%@]/g, (one) => `&${NAMES[one]};`)],
  ['XML in XML', (text) => xml(xml(text))],
  ['SQL', (text) => text.replaceAll("'", "''")],
  ['SQL with backslashes', (text) => text.replace(/['"\\]/g, '\\$&')],
  ['a shell', (text) => text.replaceAll("'", "'\\''")],
  ['bytes in backslashes', (text) => Buffer.from(text).toString('hex').replace(/../g, '\\x$&')],
  ['a shell, quote of Python', (text) => text.replaceAll("'", `'"'"'`)],
  ['code points in braces', (text) => points(text, /[^a-z]/gu, (hex) => `\\u{${hex}}`)],
  ['code points in braces, Perl', (text) => points(text, /[^a-z]/gu, (hex) => `\\x{${hex.toUpperCase()}}`)],
  ['code points of eight digits', (text) => points(text, /[\s\S]/gu, (hex) => `\\U${hex.padStart(8, '0')}`)],
  ['octal bytes', (text) => [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')],
  ['a shell, printf %q', (text) => text.replace(/[^\w./:@%+,=-]/gu, '\\$&')],
  ['a pattern', (text) => text.replace(/\W/gu, '\\$&')],
];
const NAMES: Readonly<Record<string, string>> = {
  ...{ '/': 'sol', '+': 'plus', '=': 'equals', '&': 'amp', '"': 'quot', "'": 'apos', '%': 'percnt', '@': 'commat' },
};

test.each(SPELLINGS)('a secret is hidden whichever of its characters are escaped: %s', (_, spell) => {
  const secrets = new Secrets();
  secrets.add(SECRET);
  expect(secrets.hide(`wrong: "${spell(SECRET)}", ${SECRET}\n`)).toBe('wrong: "***", ***\n');
  // Each of two spellings in one text, and parts of it.
  const half = Math.floor(SECRET.length / 2);
  expect(secrets.hide(`(${spell(SECRET.slice(0, half))}${SECRET.slice(half)})`)).toBe('(***)');
  expect(secrets.hide(spell(SECRET.slice(1)))).not.toContain('***');
});

test.each(['horse&battery<staple', 'pa\\ssw=d', "it''s-me"])(
  'a secret is hidden after encoders that escape the signs of each other, in any order: %s',
  (secret) => {
    const secrets = new Secrets();
    secrets.add(secret);
    const shown = [secret, encodeURIComponent(secret), json(secret)].flatMap((text) =>
      SPELLINGS.flatMap(([, first]) => SPELLINGS.map(([, second]) => second(first(text)))),
    );
    expect(shown.filter((text) => secrets.hide(`<${text}>`) !== '<***>')).toEqual([]);
  },
);

test('backslashes and repeated quotes of a secret count for its length, and no shorter text is taken for it', () => {
  const secrets = new Secrets();
  for (const secret of ['pa\\ssw=d', "it''s-me", '""""""""', '\\\\\\\\\\\\\\a', '\\\\\\\\\\\\\\\\'])
    secrets.add(secret);
  const eight = '%22%22%22';
  for (const text of ['pa&#92;ssw&#61;d', 'pa\\\\ssw%3Dd', "it\\'\\'s\\-me", 'it&#39;&#39;s&#45;me', eight])
    expect(secrets.hide(`<${text}>`)).toBe('<***>');
  for (const text of ['passw=d', "it's-me", `'a', "b" and '''c'''`, '%61', 'C:\\\\a\\\\b'])
    expect(secrets.hide(text)).toBe(text);
});

test.each(SPELLINGS.filter((_, index) => index % 4 === 1))(
  'a secret is hidden across two parts of a text: %s',
  (_, spell) => {
    const secrets = new Secrets();
    const secret = `${SECRET}'`;
    secrets.add(secret);
    const spelled = spell(secret);
    // So many units are held at a time, and the last 1024 of them stay for the next part.
    for (const end of [32_768, 32_768 - 1_024]) {
      for (let before = end - 45; before < end; before += 1) {
        const [start, rest] = ['-'.repeat(before), '-'.repeat(1_100)];
        expect(secrets.hide(start + spelled + rest) === `${start}***${rest}`).toBe(true);
      }
    }
  },
);

test('a secret that is longer than the part of a text that is held at a time is hidden', () => {
  const secrets = new Secrets();
  const secret = `"${'密码'.repeat(20_000)}'`;
  secrets.add(secret);
  for (const text of [secret, json(secret), encodeURIComponent(secret), `"${secret}'`])
    expect(secrets.hide(`a ${text}, ${text} b`)).toBe('a ***, *** b');
  expect(secrets.hide(encodeURIComponent(secret.slice(2)))).not.toContain('***');
});

test('quotes in a row hide a secret whichever of them it has', () => {
  const secrets = new Secrets();
  secrets.add(`'it's "ours"'`);
  for (const text of [`'it's "ours"'`, `''it''s "ours"''`, `'"'"'it'"'"'s "ours"'"'"'`, `"'it's \\"ours\\"'"`])
    expect(secrets.hide(`<${text}>`)).toBe('<***>');
  expect(secrets.hide(`<its 'ours'>`)).toBe(`<its 'ours'>`);
});

test('a secret of several lines, one in Latin-1 and one that looks escaped are hidden in every spelling', () => {
  const secrets = new Secrets();
  for (const secret of ['first line\nsecond\tline', 'pässwörd', 'a%41b\\x41/&amp;c-d']) secrets.add(secret);
  for (const text of [
    ...['first line\\nsecond\\tline', 'first+line%0Asecond%09line', 'first line&#10;second&#9;line'],
    ...['p%E4ssw%f6rd', 'p\\xe4ssw\\xf6rd', 'p\\344ssw\\366rd', 'p%C3%A4sswörd'],
    ...['a%41b%5Cx41%2F&amp;c-d', 'a%2541b%5Cx41%2F%26amp%3Bc-d', 'a%41b\\\\x41/&amp;amp;c-d'],
  ])
    expect(secrets.hide(`<${text}>`)).toBe('<***>');
});

test('a text that only resembles an escape hides no secret and shows none', () => {
  const secrets = new Secrets();
  secrets.add('41-next+secret');
  for (const text of ['%41-next+secret', '\\x41-next+secret', 'C:\\41-next%2Bsecret', '100%% 41-next+secret%'])
    expect(secrets.hide(text)).toMatch(/^[^-]*\*\*\*%?$/);
  for (const text of [
    '%',
    '%4',
    '&#;',
    '&#x110000;',
    '\\u{110000}',
    '\\x{}',
    '\\Uffffffff',
    '&none;',
    '\\',
    '\\u12',
    '\ud800',
    '%zz',
    '41-next-secret',
  ])
    expect(secrets.hide(text)).toBe(text);
});

test('a short secret is hidden as it was added: other texts that read alike are ordinary', () => {
  const secrets = new Secrets();
  for (const secret of ['a+b', 'its', '%20%20%20', '\\n\\n\\n\\n']) secrets.add(secret);
  for (const text of ["a b, it's", '    ', '\n\n\n\n\n']) expect(secrets.hide(text)).toBe(text);
  expect(secrets.hide('a+b, its, %20%20%20')).toBe('***, ***, ***');
});

test('the time for a value or a text does not grow with the number of values', () => {
  const secrets = new Secrets();
  const value = (index: number) => `ghs_${String(index).padStart(12, '0')}`;
  // Before, this took minutes.
  for (let index = 0; index < 100_000; index += 1) {
    secrets.add(value(index));
    if (index % 50 === 0) expect(secrets.hide(`a ${value(index)} b`)).toBe('a *** b');
  }
  expect(secrets.hide('ghs_'.repeat(1_000))).toBe('ghs_'.repeat(1_000));
});
