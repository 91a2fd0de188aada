import { isNumeric } from '../dolt/rows/row-key.ts';

const HEX = /^0x(?:[0-9a-f]{2})*$/i;
const NUMBER = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:e([+-]?[0-9]+))?$/i;
const DATE = /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]*))?)?Z?)?$/i;
const TIME = /^([+-]?)([0-9]+):([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]*))?)?$/;
/** Tokens of a valid document. */
const JSON_TOKEN = /[{}[\]]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}[\]":,]+/g;
/** Deeper documents count as changed. */
const MAX_DEPTH = 1000;

/**
 * Whether a column holds a value unchanged. Dolt writes some types in another form (`1e+21`, `2026-01-01 00:00:00`, keys
 * of JSON sorted), and rounds, truncates or cuts off others without an error.
 * @param written the value as a person wrote it
 * @param stored the same value as Dolt prints it
 * @param type the column's bare type
 */
export function isSameValue(written: string | null, stored: string | null, type: string): boolean {
  if (written === stored) return true;
  if (written === null || stored === null) return false;
  const canonical = canonicalOf(type);
  const value = canonical(written);
  return value !== null && value === canonical(stored);
}

/** Makes one text of all forms of a value; null for a form that is not known. */
function canonicalOf(type: string): (text: string) => string | null {
  if (isNumeric(type)) return (text) => canonicalNumber(text.trim());
  switch (type) {
    case 'date':
    case 'datetime':
    case 'timestamp':
      return canonicalDate;
    case 'time':
      return canonicalTime;
    case 'json':
      return canonicalJson;
    case 'bit':
      return (text) => (HEX.test(text) && text.length > 2 ? String(BigInt(text)) : null);
    default:
      return (text) => (HEX.test(text) ? text.toLowerCase() : null);
  }
}

/** All digits count, also those beyond double precision. */
function canonicalNumber(text: string): string | null {
  const parts = NUMBER.exec(text);
  if (parts === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  if (whole + fraction === '') return null;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign === '-' ? '-' : ''}${significant}e${power}`;
}

function canonicalDate(text: string): string | null {
  const parts = DATE.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part = '') => part.padStart(2, '0'));
  return `${year}-${month}-${day} ${hour}:${minute}:${second}.${canonicalFraction(parts[7])}`;
}

function canonicalTime(text: string): string | null {
  const parts = TIME.exec(text);
  if (parts === null) return null;
  const numbers = parts.slice(2, 5).map((part = '0') => BigInt(part));
  const size = `${numbers.join(':')}.${canonicalFraction(parts[5])}`;
  return `${parts[1] === '-' && /[1-9]/.test(size) ? '-' : ''}${size}`;
}

const canonicalFraction = (digits = ''): string => digits.replace(/0+$/, '');

/** Numbers with all digits, strings without escapes, keys sorted. */
function canonicalJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(JSON_TOKEN) ?? [];
  let at = 0;
  const next = (): string => tokens[at++] ?? '';
  const value = (depth: number): string | null => {
    const token = next();
    if (token === '{' || token === '[') return depth > MAX_DEPTH ? null : container(token, depth);
    if (token.startsWith('"')) return JSON.stringify(JSON.parse(token));
    return canonicalNumber(token) ?? token;
  };
  const container = (open: '{' | '[', depth: number): string | null => {
    const [close, isObject] = open === '{' ? ['}', true] : [']', false];
    const items: string[] = [];
    const keys = new Set<string>();
    while (tokens[at] !== close) {
      const key = isObject ? JSON.stringify(JSON.parse(next())) : '';
      const item = value(depth + 1);
      // Dolt keeps the last one of equal keys.
      if (item === null || (isObject && keys.has(key))) return null;
      keys.add(key);
      items.push(isObject ? `${key}:${item}` : item);
    }
    at += 1;
    return `${open}${(isObject ? items.sort() : items).join(',')}${close}`;
  };
  return value(1);
}
