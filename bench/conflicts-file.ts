/**
 * `npm run bench:conflicts [ROWS]`: the processor time that a conflicts file of so many rows takes to be written and
 * read, the best of three, and what `yaml` with default options takes for the same.
 */
import { parse, stringify } from 'yaml';
import type { ConflictsFile, UnresolvedRow } from '../src/resolve/conflicts-file.ts';
import { conflictsText } from '../src/resolve/conflicts-text.ts';
import { parseConflicts } from '../src/resolve/parse-conflicts.ts';

const rows = Number(process.argv[2] ?? 20_000);
const HEAD = '0123456789abcdefghijklmnopqrstuv';

function row(index: number): UnresolvedRow {
  return {
    table: 'issues',
    key: { id: `bd-${index}` },
    kind: 'changed',
    cells: {
      title: { base: 'A title', ours: `Title ${index}: ours`, theirs: `Title ${index}: theirs`, choose: 'ours' },
      notes: { base: null, ours: 'one line\nanother line', theirs: '2026-01-01 00:00:00', choose: { value: '1' } },
    },
    choose: null,
  };
}

function bestOfThree<T>(what: string, work: () => T): T {
  const results = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    const result = work();
    return { result, milliseconds: process.cpuUsage(before).user / 1e3 };
  });
  const [best = { result: work(), milliseconds: Number.NaN }] = results.toSorted(
    (a, b) => a.milliseconds - b.milliseconds,
  );
  console.log(`${what.padEnd(24)}${best.milliseconds.toFixed(0).padStart(7)} ms`);
  return best.result;
}

const merge = {
  peer: 'partner',
  ours: HEAD,
  theirs: HEAD,
  rows: Array.from({ length: rows }, (_, index) => row(index)),
};
const file: ConflictsFile = { branch: 'main', merges: [merge], lost: [] };
const text = bestOfThree('conflictsText', () => conflictsText(file));
bestOfThree('parseConflicts', () => parseConflicts(text, 'conflicts.yaml'));
bestOfThree('yaml.stringify', () => stringify(file));
bestOfThree('yaml.parse', () => parse(text));
console.log(`${rows} rows, ${(text.length / 1024 / 1024).toFixed(1)} MiB`);
