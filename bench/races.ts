/**
 * `npm run bench:races`: real databases run a sync against each other at the same moment, again and again, each time after
 * every one of them has made an edit. It prints how many merge commits there are per edit.
 *
 *   npm run bench:races -- --races 50 --databases 2
 */
import { parseArgs } from 'node:util';
import { makeScene } from '../__tests__/helpers/convergence/scene.ts';
import { tempFolder } from '../__tests__/helpers/temp-folder.ts';
import { commitsIn } from './races/merges.ts';
import { race, syncUntilStable } from './races/race.ts';
import { editOf } from './races/race-edit.ts';
import { MEETINGS, racersOn } from './races/racers.ts';
import { table } from './table.ts';

function count(text: string, most: number): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new Error(`${text} is not a number from 1 to ${most}`);
  return value;
}

const { values } = parseArgs({
  options: { races: { type: 'string', default: '50' }, databases: { type: 'string', default: '2' } },
});
const races = count(values.races, 1_000);
const databases = count(values.databases, 8);

await using folder = await tempFolder();
const scene = await makeScene(folder);
const tempDir = folder.file('tmp');
const rows: string[][] = [];
for (const meeting of MEETINGS) {
  const racers = await racersOn(scene, { meeting, databases });
  const failures: string[] = [];
  for (let number = 0; number < races; number += 1) {
    const laps = await race({ racers, tempDir, edit: editOf(number) });
    failures.push(...laps.flatMap((lap) => lap.failures));
  }
  const racing = await commitsIn(racers, tempDir);
  const { laps } = await syncUntilStable(racers, tempDir);
  const edits = races * databases;
  rows.push([
    meeting,
    `${races}`,
    `${edits}`,
    `${racing.merges.size}`,
    (racing.merges.size / edits).toFixed(2),
    `${racing.empty.size}`,
    failures.length === 0 ? 'none' : failures.join(', '),
    `${new Set(laps.map(({ head }) => head)).size}`,
  ]);
}
const headings = ['databases meet over', 'races', 'edits', 'merges', 'merges per edit', 'merges of equal rows'];
console.log(table([...headings, 'lost races', 'heads in the end'], rows));
