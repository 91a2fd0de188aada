import { expect, test } from '@jest/globals';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { answersAsDolt } from '../helpers/installing.ts';
import { PLATFORM, packRelease } from '../helpers/release-archive.ts';
import { releaseHost, sendsFile } from '../helpers/release-host.ts';
import { startCacheService } from '../helpers/servers/cache-service.ts';
import { makeCertificates } from '../helpers/servers/certificates.ts';
import { startJobProxy } from '../helpers/servers/job-proxy.ts';
import { below, tempFolder } from '../helpers/temp-folder.ts';

test('the cache is reached over https through the proxy of the job, only with a trusted certificate', async () => {
  await using folder = await tempFolder();
  const { ca, cert, key } = await makeCertificates(folder.path);
  await using cache = await startCacheService({ cert, key, host: 'peer.example' });
  await using proxy = await startJobProxy();
  await using host = await releaseHost();
  const made = await packRelease(await answersAsDolt(folder.file('made'), '2.3.0'), folder.path);
  host.on(`/download/v2.3.0/${PLATFORM.asset}`, sendsFile(made.file));
  const setup = async (name: string, env: Readonly<Record<string, string>>) => {
    const runner = await fakeRunner(below(folder, name));
    const inputs = { 'dolt-sha256': made.sha256, 'dolt-mirror': `${host.url}/download` };
    return await runner.main({ action: 'setup/action.yml', inputs, env: { ...cache.env, ...env } });
  };
  const trusting = { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: ca };
  expect((await setup('one', trusting)).outputs).toMatchObject({ 'cache-hit': 'false', status: 'success' });
  const hit = await setup('two', trusting);
  expect(hit.outputs).toMatchObject({ 'cache-hit': 'true', status: 'success' });
  // A look-up, a reservation, a blob and its end; then a look-up and a blob.
  const { port } = new URL(cache.url);
  expect(proxy.asked).toEqual(Array.from({ length: 6 }, () => `CONNECT peer.example:${port}`));

  const distrusting = await setup('three', { HTTPS_PROXY: proxy.url });
  expect(distrusting.outputs).toMatchObject({ 'cache-hit': 'false', status: 'success' });
  expect(distrusting.stdout).toMatch(/Actions cache: Dolt 2\.3\.0 was not restored: .*certificate/);
  const direct = { ACTIONS_RESULTS_URL: cache.url.replace('peer.example', 'localhost'), NODE_EXTRA_CA_CERTS: ca };
  const named = await setup('four', { ...direct, NO_PROXY: 'localhost' });
  expect(named.stdout).toMatch(/Actions cache: Dolt 2\.3\.0 was not restored: /);
  expect(named.outputs).toMatchObject({ 'cache-hit': 'false', status: 'success' });
});
