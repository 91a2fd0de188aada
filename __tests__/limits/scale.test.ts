import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { loadConfiguration } from '../../src/config/load.ts';
import { monotonicMs } from '../../src/core/time.ts';
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

const PEERS = 5_000;
/** Far more than it takes, and far less than anything that grows with the square of the number of peers. */
const WITHIN_MS = 45_000;
const GROWS_BY_AT_MOST = 400 * 1024 * 1024;

/** Peers of which all but the first are on disks that are not mounted. */
function manyPeers(folder: TempFolder): string {
  const gone = Array.from(
    { length: PEERS - 1 },
    (_, index) => `gone-${index}: file://${folder.file('disk', `${index}`, 'box')}`,
  );
  return [`box: file://${folder.file('box')}`, ...gone.map((line) => line)].join('\n');
}

describe(`${PEERS} peers`, () => {
  test('cost bounded time and memory, the one that is there is served, and every report has a bound', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const [started, memory] = [monotonicMs(), process.memoryUsage().rss];
    const { result } = await command(folder, manyPeers(folder));
    const [took, grown] = [monotonicMs() - started, process.memoryUsage().rss - memory];
    expect(took).toBeLessThan(WITHIN_MS);
    expect(grown).toBeLessThan(GROWS_BY_AT_MOST);

    expect(result.status).toBe('partial');
    expect(result.peers).toHaveLength(PEERS);
    expect(result.peers.filter((peer) => peer.verified).map((peer) => peer.name)).toEqual(['box']);
    expect(result.peers.filter((peer) => peer.error?.code === 'folder-missing')).toHaveLength(PEERS - 1);

    expect(text(result).split('\n').length).toBeLessThan(400);
    expect(Buffer.byteLength(summary(result))).toBeLessThanOrEqual(SUMMARY_BUDGET_BYTES);
    expect(annotations(result, { failing: true, locations: {} }).length).toBeLessThanOrEqual(51);
    const outputs = outputValues({ json: result, text: () => '', outputs: () => runOutputs(result, null) });
    expect(Buffer.byteLength(outputs.result)).toBeLessThanOrEqual(RESULT_LIMIT_BYTES);
    expect(JSON.parse(outputs.result)).toMatchObject({ status: 'partial', truncated: true });
  });

  test('that are all in reach are read, and those that are empty are not created', async () => {
    await using folder = await tempFolder();
    await makeDatabase(folder.file('local'));
    const peers = Array.from({ length: PEERS }, (_, index) => `box-${index}: file://${folder.file(`box-${index}`)}`);
    const started = monotonicMs();
    const { result } = await command(folder, peers.join('\n'), { command: 'status' });
    expect(monotonicMs() - started).toBeLessThan(WITHIN_MS);
    expect(result.peers.filter((peer) => peer.state === 'remote-empty')).toHaveLength(PEERS);
  });
});

test('a configuration of 1 MiB is read in bounded time, all of it', async () => {
  await using folder = await tempFolder();
  const lines = ['federation:', '  peers:'];
  let bytes = Buffer.byteLength(`${lines.join('\n')}\n`);
  for (let index = 0; ; index += 1) {
    const line = `    peer-${index}: file:///srv/${'x'.repeat(40)}/${index}`;
    if (bytes + line.length + 1 > 1024 * 1024) break;
    lines.push(line);
    bytes += line.length + 1;
  }
  await writeFile(folder.file('c.yaml'), `${lines.join('\n')}\n`.padEnd(1024 * 1024, '#'));
  const started = monotonicMs();
  const { peers } = await loadConfiguration(contextIn(folder.path), { config: 'c.yaml' });
  expect(monotonicMs() - started).toBeLessThan(WITHIN_MS);
  expect(peers).toHaveLength(lines.length - 2);
});
