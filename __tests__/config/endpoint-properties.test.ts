import { describe, expect, test } from '@jest/globals';
import type { Endpoint } from '../../src/config/configuration.ts';
import { parseEndpoint } from '../../src/config/endpoint/parse.ts';
import { Failure } from '../../src/core/failure.ts';
import { anyCharacter, fc, timesCases } from '../helpers/property.ts';

const OPTIONS = { dolthubHost: 'doltremoteapi.dolthub.com', allowInsecure: false };

function parse(written: string): Endpoint | null {
  try {
    return parseEndpoint(written, OPTIONS);
  } catch (thrown) {
    if (thrown instanceof Failure) return null;
    throw thrown;
  }
}

const head = fc.constantFrom(
  'https://host/',
  'http://127.0.0.1:1/',
  'ssh://user@host/',
  'git@host:',
  'file:///',
  'gs://bucket/',
  'dolthub://org/',
  'git+ssh://git@host/',
  'git+file:///',
  'aws://[table:bucket]/',
);
const piece = fc.oneof(
  fc.constantFrom(
    'a',
    'b.git',
    '-',
    '.',
    '..',
    '/',
    '%',
    '%2',
    '%2e',
    '%2F',
    '%5c',
    '%0a',
    '%25',
    ':',
    '@',
    ';',
    '?',
    '#',
    '\n',
    '~',
  ),
  fc.string({ maxLength: 3 }),
  fc.string({ unit: anyCharacter, maxLength: 2 }),
);
const tail = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
const plainSegment = fc.stringMatching(/^[a-z0-9_~][a-z0-9._~+=-]{0,8}$/);

function decodeFully(text: string): string {
  const once = decodeURIComponent(text);
  return once === text ? text : decodeFully(once);
}

describe('an accepted endpoint', () => {
  test('contains nothing dangerous, neither in the form for Dolt nor after full decoding', () => {
    fc.assert(
      fc.property(head, tail, (start, rest) => {
        const endpoint = parse(start + rest);
        if (endpoint === null) return;
        // The one `.` segment that we write ourselves, for a path in the user's home.
        const received = decodeFully(endpoint.dolt).replace(/^(git\+ssh:\/\/[^/]+)\/\.\//, '$1/');
        expect(received).not.toMatch(/[\p{Cc}\p{Cf}\p{Z}\\%#]/u);
        const [, , authority = '', ...segments] = received.split('/');
        for (const part of [...authority.split(/[@:[\]]/), ...segments]) {
          expect(part.startsWith('-')).toBe(false);
          expect(['.', '..']).not.toContain(part);
        }
        if (/^(git\+)?ssh:/.test(received)) expect(received).toMatch(/^[A-Za-z0-9._~/+@=:-]+$/);
      }),
      { numRuns: timesCases(1000) },
    );
  });

  test('has a canonical form that is canonical again', () => {
    fc.assert(
      fc.property(head, tail, (start, rest) => {
        const canonical = parse(start + rest)?.canonical;
        if (canonical === undefined || canonical.includes('/./')) return;
        expect(parse(canonical)?.canonical).toBe(canonical);
      }),
      { numRuns: timesCases(500) },
    );
  });
});

describe('percent-encoding', () => {
  const encode = (text: string, mask: readonly boolean[]) =>
    [...text]
      .map((one, index) =>
        mask[index % mask.length] === true ? `%${one.charCodeAt(0).toString(16).padStart(2, '0')}` : one,
      )
      .join('');
  const mask = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
  const urlHead = head.filter((start) => start.includes('://') && !start.startsWith('dolthub'));

  test('in a path does not change the parsed endpoint', () => {
    fc.assert(
      fc.property(urlHead, fc.array(plainSegment, { minLength: 1, maxLength: 3 }), mask, (start, segments, bits) => {
        const plain = parse(start + segments.join('/'));
        const encoded = parse(start + segments.map((one) => encode(one, bits)).join('/'));
        expect({ ...encoded, written: '' }).toEqual({ ...plain, written: '' });
      }),
    );
  });

  test('makes no refused endpoint acceptable', () => {
    const bad = fc.constantFrom('..', '.', '-x', 'a b', 'a\nb', 'a\\b', 'a;b', 'a%b', 'a?b', 'a#b', '');
    fc.assert(
      fc.property(mask, bad, (bits, segment) => {
        expect(parse(`ssh://host/p/${segment}`)).toBeNull();
        expect(parse(`ssh://host/p/${encode(segment, bits)}`)).toBeNull();
        expect(parse(`ssh://host/p/${encodeURIComponent(encodeURIComponent(segment))}`)).toBeNull();
      }),
    );
  });
});
