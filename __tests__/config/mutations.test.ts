import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { inspectConfiguration } from '../../src/config/build.ts';
import { decodeText } from '../../src/config/decode-text.ts';
import { secretsInFile } from '../../src/config/yaml/secrets.ts';
import { yamlTraps } from '../../src/config/yaml/traps.ts';
import { Failure } from '../../src/core/failure.ts';
import { CONFIGURATIONS } from '../helpers/configurations.ts';
import { MANY_CASES } from '../helpers/large.ts';
import { fc, seedOr } from '../helpers/property.ts';
import { seeded } from '../helpers/seeded.ts';

/** Texts that break a file: YAML characters, other encodings, and parts of keys. */
const PIECES = [
  ...[':', ' ', '\n', '\t', '-', '#', '&a ', '*a', '!!int ', '!x ', '|', '>', "'", '"', '[', ']', '{', '}', ',', '?'],
  ...['%', '@', '\\', '\r', '\0', '\uFEFF', '\u2028', '\u{1F600}', '\xff', '<<: ', '---\n', '...\n', '<<<<<<< '],
  ...['federation', 'peers', '.', 'null', '~', '0x1', '1e9', '.inf', '.nan', 'true', '__proto__', 'constructor'],
];

const texts = await Promise.all(
  ['valid', 'invalid'].map(async (kind) => {
    const folder = join(CONFIGURATIONS, kind);
    return await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
  }),
);
/** Short files only: ten thousand mutations take seconds. */
const FILES: readonly Buffer[] = texts.flat().filter(({ length }) => length < 400);

function mutate(file: Buffer, random: (below: number) => number): Buffer {
  let bytes = file;
  for (let edit = random(3); edit >= 0; edit -= 1) {
    const at = random(bytes.length + 1);
    const end = Math.min(bytes.length, at + random(12));
    const piece = Buffer.from(PIECES[random(PIECES.length)] ?? '', random(8) === 0 ? 'latin1' : 'utf8');
    const copied = random(6) === 0 ? bytes.subarray(at, at + 40) : piece;
    bytes = Buffer.concat([bytes.subarray(0, at), copied, bytes.subarray(random(2) === 0 ? at : end)]);
  }
  return bytes;
}

test(`${MANY_CASES} mutations of configurations are parsed or refused without a crash`, () => {
  const { below: random } = seeded(seedOr(20_260_101));
  let refused = 0;
  let checked = 0;
  for (let number = 0; number < MANY_CASES; number += 1) {
    const bytes = mutate(FILES[random(FILES.length)] ?? Buffer.alloc(0), random);
    try {
      const source = { file: '/c.yaml', text: decodeText(bytes, '/c.yaml'), workspace: null };
      const { problems, text, configuration } = inspectConfiguration(source, {}, {});
      if (text !== null) checked += yamlTraps(text.yaml).length + secretsInFile(text.yaml).length;
      if (problems.length === 0 && configuration === null) throw new Error('there is neither a problem nor a result');
      if (problems.length > 0) refused += 1;
    } catch (thrown) {
      if (thrown instanceof Failure) refused += 1;
      else throw new Error(`${JSON.stringify(bytes.toString('latin1'))} is not refused properly`, { cause: thrown });
    }
  }
  expect(refused).toBeGreaterThan(MANY_CASES / 10);
  expect(refused).toBeLessThan(MANY_CASES);
  expect(checked).toBeGreaterThan(0);
});

test('every position in a report on a mutation is inside its text', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { below: random } = seeded(seed);
      const bytes = mutate(FILES[random(FILES.length)] ?? Buffer.alloc(0), random);
      const text = bytes.toString('utf8');
      const { problems } = inspectConfiguration({ file: '/c.yaml', text, workspace: null }, {}, {});
      const lines = text.split('\n');
      for (const { location } of problems) {
        if (location?.line === undefined) continue;
        expect(location.line).toBeLessThanOrEqual(lines.length);
        expect(location.column ?? 1).toBeLessThanOrEqual((lines[location.line - 1]?.length ?? 0) + 1);
      }
    }),
    { numRuns: 300 },
  );
});
