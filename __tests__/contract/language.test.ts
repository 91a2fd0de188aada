import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../src/contract/commands.ts';
import { ERRORS } from '../../src/contract/error-codes.ts';
import { EXIT_CODE_MEANINGS } from '../../src/contract/exit-codes.ts';
import { OPTIONS } from '../../src/contract/options.ts';
import { OUTPUTS } from '../../src/contract/outputs.ts';
import { texts, textsOf, writtenFiles } from '../helpers/source-tree.ts';

/** Phrases that a reader of plain technical English stumbles over, and words of ours that no other project knows. */
const BANNED: readonly RegExp[] = [
  /\bstands?\b/i,
  /\blies?\b/i,
  /\b(?:told|tells?)\b/i,
  /\banew\b/i,
  /\b(?:nobody|somebody|whoever)\b/i,
  /\bby itself\b/i,
  /\bso that\b.*\bthat\b/i,
  /\b(?:gives?|gave) way\b/i,
  /\bwhat is left\b/i,
  /\btowns?\b/i,
  /\b(?:faces?|doors?|kits?|roads?|grounds?|screens?)\b/i,
  /\blook(?:s|ed|ing)? (?:at|into)\b/i,
  /\bsettl(?:e|es|ed|ing)\b/i,
  /\b(?:brings?|brought|cures?|amiss)\b/i,
  /\bas it is\b/i,
  /\bbeyond loopback\b/i,
  /(?:^|[.:;] )(?:What|Where|Whose) /,
];

/** Rows and statements of the demo and of the engine are data; `federation.town` is a key of the configuration. */
const DATA = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|CALL|SET|SHOW|WITH)\b/;
const KEYS = /`?federation\.town`?/g;

function phrasesIn(text: string): readonly string[] {
  if (DATA.test(text)) return [];
  const read = text.replace(KEYS, '');
  return BANNED.flatMap((phrase) => phrase.exec(read)?.[0] ?? []);
}

function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=[.:;!?])\s+/);
}

const CONTRACT: readonly (readonly [string, string])[] = [
  ...Object.entries(ERRORS).flatMap(([code, { title, hint }]) => [
    [`title of ${code}`, title] as const,
    [`hint of ${code}`, hint] as const,
  ]),
  ...Object.entries(OPTIONS).map(([name, { description }]) => [`option ${name}`, description] as const),
  ...Object.entries(COMMANDS).map(([name, { summary }]) => [`command ${name}`, summary] as const),
  ...Object.entries(OUTPUTS).map(([name, text]) => [`output ${name}`, text] as const),
  ...EXIT_CODE_MEANINGS.map(({ code, meaning }) => [`exit code ${code}`, meaning] as const),
];

describe('the tables of the contract', () => {
  test('use plain words', () => {
    expect(CONTRACT.length).toBeGreaterThan(250);
    expect(CONTRACT.flatMap(([name, text]) => phrasesIn(text).map((phrase) => `${name}: ${phrase}`))).toEqual([]);
  });

  test('contain one idea a sentence', () => {
    const long = CONTRACT.filter(([, text]) => sentencesOf(text).some((part) => part.split(/\s+/).length > 25));
    expect(long).toEqual([]);
  });
});

describe('the texts of the source', () => {
  test('use plain words', () => {
    const all = texts('src');
    expect(all.length).toBeGreaterThan(1_000);
    const found = all.flatMap(({ path, text }) => phrasesIn(text).map((phrase) => `${path}: ${phrase}: ${text}`));
    expect(found).toEqual([]);
  });

  test.each([
    ["throw new Failure('conflict', 'nobody holds it');", 'nobody'],
    [`const hint = \`What is left stands in \${file}\`;`, 'stands'],
    ["notify({ message: 'the town is empty' });", 'town'],
    [`refuse(\`\${name} cannot be looked at\`);`, 'looked at'],
  ])('are found in every place: %s', (source, phrase) => {
    expect(textsOf(source).flatMap(phrasesIn)).toContain(phrase);
  });

  test.each([["import { town } from './town.ts';"], ["const town = 'town';"], ["sql('SELECT 1 AS town');"]])(
    'exclude the names that a program reads: %s',
    (source) => {
      expect(textsOf(source).flatMap(phrasesIn)).toEqual([]);
    },
  );
});

/** Phrases that no comment needs. A comment may name a screen, and a promise settles. */
const BANNED_IN_COMMENTS = [
  /\b(?:stands?|lies?|told|tells?|anew|nobody|somebody|whoever|by itself|what is left)\b|\bas it is(?=[.,;:]|$)/i,
  /(?:^|[.:;] )(?:What|Where|Whose) /,
];

/** The comments of a source as lines of prose, without code in them. */
function commentsOf(source: string): readonly string[] {
  return [...source.matchAll(/\/\*\*([\s\S]*?)\*\/|^\s*\/\/ (.*)$/gm)].map(([, block, line = '']) =>
    (block?.replaceAll(/\n\s*\* ?/g, ' ') ?? line).replaceAll(/`[^`]*`/g, 'code').trim(),
  );
}

describe('the comments', () => {
  test.each(['src', 'scripts', 'bench', '__tests__'])('of %s use plain words', (folder) => {
    const found = writtenFiles(folder).flatMap((path) =>
      commentsOf(readFileSync(path, 'utf8')).flatMap((text) =>
        BANNED_IN_COMMENTS.some((banned) => banned.test(text)) ? [`${path}: ${text}`] : [],
      ),
    );
    expect(found).toEqual([]);
  });

  test('are read from blocks and lines without their code', () => {
    const source = '/**\n * It is\n * here.\n */\nconst a = 1;\n// Read by `nobody`\n';
    expect(commentsOf(source)).toEqual(['It is here.', 'Read by code']);
  });
});
