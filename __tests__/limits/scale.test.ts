import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { loadConfiguration } from '../../src/config/load.ts';
import { outputValues } from '../../src/frontends/action/outputs.ts';
import { annotations } from '../../src/report/annotations.ts';
import { runOutputs } from '../../src/report/outputs.ts';
import { RESULT_LIMIT_BYTES } from '../../src/report/result-json.ts';
import { SUMMARY_BUDGET_BYTES, summary } from '../../src/report/summary.ts';
import { text } from '../../src/report/text/run-report.ts';
import { command } from '../helpers/commanding.ts';
import { contextIn } from '../helpers/configuring.ts';
import { makeDatabase } from '../helpers/database.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

const FEW = 500;
const TIMES = 4;
const PEERS = FEW * TIMES;
/** Enough to see how the time grows. The limits of the reports need the larger number. */
const REACHABLE = PEERS / 2;
/** Linear work takes four times as long for four times as many, quadratic work sixteen times. */
const TAKES_AT_MOST = 10;
const GROWS_BY_AT_MOST = 400 * 1024 * 1024;

/** Seconds of CPU of this process, which other processes of a busy machine hardly change, and what the work gives. */
async function timed<T>(work: () => Promise<T>): Promise<{ readonly seconds: number; readonly done: T }> {
  const before = process.cpuUsage();
  const done = await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, done };
}

/** Peers of which all but the first are on disks that are not mounted. */
function manyPeers(folder: TempFolder, count: number): string {
  const gone = Array.from(
    { length: count - 1 },
    (_, index) => `gone-${index}: file://${folder.file('disk', `${index}`, 'box')}`,
  );
  return [`box: file://${folder.file('box')}`, ...gone.map((line) => line)].join('\n');
}

describe(`${PEERS} peers`, () => {
  test('need time in proportion to their number and bounded memory; the reachable one is served, and every report has a limit', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const few = await timed(() => command(folder, manyPeers(folder, FEW)));
    const memory = process.memoryUsage().rss;
    const all = await timed(() => command(folder, manyPeers(folder, PEERS)));
    expect(process.memoryUsage().rss - memory).toBeLessThan(GROWS_BY_AT_MOST);
    expect(all.seconds / few.seconds).toBeLessThan(TAKES_AT_MOST);
    const { result } = all.done;

    expect(result.status).toBe('partial');
    expect(result.peers).toHaveLength(PEERS);
    expect(result.peers.filter((peer) => peer.verified).map((peer) => peer.name)).toEqual(['box']);
    expect(result.peers.filter((peer) => peer.error?.code === 'folder-missing')).toHaveLength(PEERS - 1);

    expect(text(result).split('\n').length).toBeLessThan(400);
    expect(Buffer.byteLength(summary(result))).toBeLessThanOrEqual(SUMMARY_BUDGET_BYTES);
    expect(annotations(result, { failing: true, locations: {} }).length).toBeLessThanOrEqual(51);
    const outputs = outputValues({
      json: result,
      text: () => '',
      outputs: () => runOutputs(result, { doltPath: null, doltSource: null }),
    });
    expect(Buffer.byteLength(outputs.result)).toBeLessThanOrEqual(RESULT_LIMIT_BYTES);
    expect(JSON.parse(outputs.result)).toMatchObject({ status: 'partial', truncated: true });
  });
});

test(`${REACHABLE} peers that are all reachable are read in a time in proportion to their number, and empty ones are not created`, async () => {
  await using folder = await tempFolder();
  await makeDatabase(folder.file('local'));
  const peers = Array.from({ length: REACHABLE }, (_, index) => `box-${index}: file://${folder.file(`box-${index}`)}`);
  const status = (count: number) =>
    timed(() => command(folder, peers.slice(0, count).join('\n'), { command: 'status' }));
  const few = await status(REACHABLE / TIMES);
  const all = await status(REACHABLE);
  expect(all.seconds / few.seconds).toBeLessThan(TAKES_AT_MOST);
  const { result } = all.done;
  expect(result.peers.filter((peer) => peer.state === 'remote-empty')).toHaveLength(REACHABLE);
});

/** The lines of a configuration with peers, as many as fit. */
function filled(bytes: number): readonly string[] {
  const lines = ['federation:', '  peers:'];
  let size = Buffer.byteLength(`${lines.join('\n')}\n`);
  for (let index = 0; ; index += 1) {
    const line = `    peer-${index}: file:///srv/${'x'.repeat(40)}/${index}`;
    size += line.length + 1;
    if (size > bytes) return lines;
    lines.push(line);
  }
}

test('the time to read a configuration is proportional to its size up to 1 MiB, and the whole file is read', async () => {
  await using folder = await tempFolder();
  const read = async (bytes: number) => {
    const lines = filled(bytes);
    await writeFile(folder.file('c.yaml'), `${lines.join('\n')}\n`.padEnd(bytes, '#'));
    const { seconds, done } = await timed(() => loadConfiguration(contextIn(folder.path), { config: 'c.yaml' }));
    expect(done.peers).toHaveLength(lines.length - 2);
    return seconds;
  };
  const quarter = await read(1024 * 256);
  expect((await read(1024 * 1024)) / quarter).toBeLessThan(TAKES_AT_MOST);
});
