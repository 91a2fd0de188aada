import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import type { DrillRequest } from '../../src/backup/drill-request.ts';
import { readEnv } from '../../src/core/env.ts';
import { compiledSources } from '../helpers/compiled-sources.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { MARK, markedProcesses, outliving } from '../helpers/faults/marked-processes.ts';
import { filePeer } from '../helpers/federating.ts';
import { startSilentPeer } from '../helpers/servers/silent-peer.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

/** Drills a peer that reads no credentials; the request omits values that JSON cannot hold. */
const SCRIPT = `
const [sources, tempDir, request] = process.argv.slice(1);
const { drillPeer } = await import(sources + '/src/backup/drill.js');
const { NO_CREDENTIALS } = await import(sources + '/src/dolt/engine-credentials.js');
const { Secrets } = await import(sources + '/src/core/secrets.js');
const given = JSON.parse(request);
const access = { ...given.access, engineCredentials: NO_CREDENTIALS };
const signal = new AbortController().signal;
const context = { env: process.env, userHome: false, tempDir, signal, onResource() {}, onProgress() {}, secrets: new Secrets() };
console.log(JSON.stringify(await drillPeer(context, { ...given, access })));
`;
const CLEAN_WITHIN_MS = 12_000;

test('a drill that SIGKILL ends leaves no clone and no process', async () => {
  await using folder = await tempFolder();
  await using silent = await startSilentPeer();
  const url = silent.url;
  const peer = {
    ...filePeer('far', ''),
    endpoint: { written: url, canonical: url, dolt: url, kind: 'http', folder: null },
  };
  const access = { url, reach: [], destination: null, user: null, credentials: null };
  const expected = { commit: 'c'.repeat(32), databaseHash: 'd'.repeat(32), tables: null };
  const request = {
    ...{ peer, access, branch: 'main', tag: 'v1', expected, depth: 'head', dolt: testDolt() },
    ...{ timeoutMs: 60_000, retries: 0 },
  } satisfies Omit<DrillRequest, 'access' | 'peer'> & { peer: unknown; access: unknown };
  const mark = `drill-${process.pid}`;
  const words = [pathToFileURL(await compiledSources()).href, folder.file('tmp'), JSON.stringify(request)];
  const child = execa(process.execPath, ['--input-type=module', '-e', SCRIPT, ...words], {
    ...{ reject: false, extendEnv: false, cwd: folder.path },
    env: { PATH: readEnv()['PATH'] ?? '', [MARK]: mark },
  });
  await Promise.race([silent.asked, child]);
  const before = await markedProcesses(mark);
  const [drilling] = (await readdir(folder.file('tmp'))).filter((name) => name.startsWith('df-drill-'));
  const clones = await readdir(join(folder.file('tmp'), drilling ?? 'no drill'));
  child.kill('SIGKILL');
  const { stdout } = await child;
  expect(stdout).toBe('');
  expect(before.some(({ command }) => command.includes(' sql-server '))).toBe(true);
  expect(clones).toEqual([expect.stringMatching(/^\.dolt-federation-clone-/)]);
  expect(await outliving(mark, CLEAN_WITHIN_MS)).toEqual([]);
  expect(await readdir(folder.file('tmp'))).toEqual([]);
});
