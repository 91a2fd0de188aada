/**
 * `npm run bench:limits`: runs a sync with a peer that brings very much and with an honest one, and prints what became of
 * both, the time, and the most memory that Node and Dolt took.
 *
 *   npm run bench:limits -- --only "long history" --share 0.1
 */
import { parseArgs } from 'node:util';
import { command } from '../__tests__/helpers/commanding.ts';
import { type Loaded, largeConflicts, longHistory, manyRefs } from '../__tests__/helpers/loads.ts';
import { type TempFolder, tempFolder } from '../__tests__/helpers/temp-folder.ts';
import { watchMemory } from './limits/memory.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, share: { type: 'string', default: '1' } },
});
const share = Number(values.share);
if (!(share > 0 && share <= 1)) throw new Error(`${values.share} is not a share between 0 and 1`);
const part = (count: number): number => Math.max(1, Math.round(count * share));

const MIB = 1024 * 1024;
const LOADS: readonly (readonly [name: string, make: (folder: TempFolder) => Promise<Loaded>])[] = [
  ['nothing special', (folder) => manyRefs(folder, { tags: 0, branches: 0 })],
  ['3,000 branches', (folder) => manyRefs(folder, { tags: 0, branches: part(3_000) })],
  ['3,000 tags', (folder) => manyRefs(folder, { tags: part(3_000), branches: 0 })],
  [
    '300 tags with messages of 32 KB',
    (folder) => manyRefs(folder, { tags: part(300), branches: 0, message: 'm'.repeat(32_000) }),
  ],
  ['long history: 800 commits of 300 rows', (folder) => longHistory(folder, { commits: part(800), rows: 300 })],
  ['large values: 1,000 conflicts of 4 MiB', (folder) => largeConflicts(folder, { rows: part(1_000), bytes: 4 * MIB })],
];

const rows: string[][] = [];
for (const [name, make] of LOADS) {
  if (!name.includes(values.only)) continue;
  await using folder = await tempFolder();
  const load = await make(folder);
  for (const round of ['first', 'second']) {
    const watched = await watchMemory();
    const started = performance.now();
    const { result } = await command(folder, load.peers());
    const seconds = (performance.now() - started) / 1_000;
    const { own, dolt } = await watched.stop();
    const outcome = (peer: string): string => {
      const found = result.peers.find((one) => one.name === peer);
      return found?.error?.code ?? (found?.verified === true ? 'verified' : (found?.state ?? 'missing'));
    };
    rows.push([name, round, seconds.toFixed(1), outcome('hostile'), outcome('honest'), `${own}`, `${dolt}`]);
  }
}
console.log(table(['peer brings', 'run', 'seconds', 'that peer', 'the other', 'Node MiB', 'Dolt MiB'], rows));
