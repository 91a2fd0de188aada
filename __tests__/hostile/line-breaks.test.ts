import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, jest, test } from '@jest/globals';
import type { RunResult } from '../../src/contract/result.ts';
import { toFailure } from '../../src/core/failure.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { stepLogger } from '../../src/frontends/action/logger.ts';
import { rewordForStep } from '../../src/frontends/action/reword-for-step.ts';
import { errorText } from '../../src/frontends/cli/output.ts';
import { plainProgress } from '../../src/frontends/cli/progress.ts';
import { annotations } from '../../src/report/annotations.ts';
import { summary } from '../../src/report/summary.ts';
import { text } from '../../src/report/text/run-report.ts';
import { command } from '../helpers/commanding.ts';
import { cloneDatabase, makeDatabase } from '../helpers/database.ts';
import { conflict, peer, problem, runResult } from '../helpers/results.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** The line that a name imitates, after a line break of any kind. */
const FORGED = 'sync: success, 9 peers';
const BREAKS = ['\n', '\r', '\r\n', '\u2028', '\u0085', '\v'];

/** Lines of a report that begin as one of its own would. */
const ownLines = (report: string) =>
  report.split(/[\n\r\u2028\u2029\u0085\v]/).filter((line) => line.trimStart().startsWith(FORGED));

/** Every form in which a run is shown. */
function forms(result: RunResult): readonly string[] {
  const shown = annotations(result, { failing: true, locations: {} });
  return [text(result), summary(result), ...shown.map(({ title, message }) => `${title}\n${message}`)];
}

describe('a line break in a name', () => {
  test.each(BREAKS.map((one) => [one]))('%j creates no line of its own in an output', (lineBreak) => {
    const evil = `x${lineBreak}${FORGED}`;
    const rows = [conflict({ table: evil, key: { [evil]: evil }, columns: [evil], between: [evil], resolution: evil })];
    const result = runResult({
      branch: evil,
      database: evil,
      peers: [peer({ name: evil, endpoint: evil, conflicts: rows })],
      conflictsPath: evil,
    });
    for (const form of forms(result)) expect(ownLines(form)).toEqual([]);
  });

  test.each(BREAKS.map((one) => [one]))('%j in a message creates only indented lines', (lineBreak) => {
    const evil = `x${lineBreak}${FORGED}`;
    const error = { code: 'auth', message: evil, hint: evil, retryable: false } as const;
    const result = runResult({
      peers: [peer({ status: 'failed', error })],
      problems: [problem({ message: evil, file: evil })],
    });
    const [report = ''] = forms(result);
    expect(report.split(/[\n\r\u2028\u2029\u0085\v]/).filter((line) => line.startsWith(FORGED))).toEqual([]);
    const lines: string[] = [];
    plainProgress((line) => void lines.push(line)).line(evil);
    plainProgress((line) => void lines.push(line)).event({ peer: evil, step: 'fetching', detail: evil });
    lines.push(errorText(toFailure(new Error(evil)), { color: false }));
    expect(
      lines
        .join('')
        .split(/[\n\r\u2028\u2029\u0085\v]/)
        .filter((line) => line.startsWith(FORGED)),
    ).toEqual([]);
  });

  test('in the log of a step creates only indented lines', () => {
    const written: string[] = [];
    const spy = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    });
    try {
      const log = stepLogger(new Secrets(), rewordForStep({}));
      log.info(`a\n${FORGED}`);
      log.warning(`a\r${FORGED}`);
      log.debug(`a\n${FORGED}`);
    } finally {
      spy.mockRestore();
    }
    expect(
      written
        .join('')
        .split('\n')
        .filter((line) => line.startsWith(FORGED)),
    ).toEqual([]);
    expect(written.join('')).toContain(FORGED);
  });
});

test('names of a real peer with line breaks create no lines of their own', async () => {
  await using folder = await tempFolder();
  const local = await makeDatabase(folder.file('local'));
  const url = `file://${folder.file('box')}`;
  await local.dolt('remote', 'add', 'seed', url);
  await local.dolt('push', 'seed', 'main');
  const stranger = await cloneDatabase(url, folder.file('stranger'));
  await stranger.commit(
    `evil\n${FORGED}`,
    `CREATE TABLE \`t\n${FORGED}\` (\`id\n${FORGED}\` INT PRIMARY KEY)`,
    `CREATE TRIGGER \`g\n${FORGED}\` BEFORE INSERT ON items FOR EACH ROW SET NEW.title = 'x'`,
  );
  await stranger.dolt('push', 'origin', 'main');
  await local.commit('ours', "UPDATE items SET title = 'O' WHERE id = 2");
  const { result, log } = await command(folder, `box: ${url}`);
  expect(result.peers).toMatchObject([{ error: { code: 'peer-brings-code' } }]);
  const message = result.peers[0]?.error?.message ?? '';
  expect(message).toContain(`g\\n${FORGED}`);
  for (const form of [...forms(result), ...log]) expect(ownLines(form)).toEqual([]);
});

test('names of folders and files with line breaks create no lines of their own', async () => {
  await using folder = await tempFolder();
  const name = `f\n${FORGED}`;
  await mkdir(folder.file(name));
  await writeFile(folder.file(name, 'c.yaml'), 'federation:\n  peerz: {}\n');
  const failure = await command(folder, '', { overrides: { config: `${name}/c.yaml` } }).catch(toFailure);
  expect(failure).toMatchObject({ code: 'config-unknown-key' });
  const shown = errorText(toFailure(failure), { color: false });
  expect(ownLines(shown)).toEqual([]);
});
