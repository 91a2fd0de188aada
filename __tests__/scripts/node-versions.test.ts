import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { NODE_VARIABLES } from '../../scripts/node-versions.mjs';
import { run } from '../../src/dolt/process.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const SCRIPT = pathToFileURL('scripts/node-versions.mjs').href;

if (process.platform === 'linux') {
  test('a Node version that npm does not have is reported as missing, and no file is left', async () => {
    await using folder = await tempFolder();
    const script = `
      const { installNodes, NODE_VARIABLES } = await import('${SCRIPT}');
      const { readdirSync } = await import('node:fs');
      const found = await installNodes(NODE_VARIABLES, { folder: '${folder.file('nodes')}' });
      console.log(JSON.stringify({ found, left: readdirSync('${folder.path}', { recursive: true }) }));`;
    const env = { PATH: folder.path };
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], { env });
    expect(JSON.parse(stdout)).toEqual({ found: {}, left: ['nodes'] });
    expect(stderr.split('\n')).toEqual([
      'Some tests will fail without Node 20.5.1 (or set DOLT_FEDERATION_TEST_NODE_20)',
      'Some tests will fail without Node 24.21.0 (or set DOLT_FEDERATION_TEST_NODE_24)',
    ]);
  });
}

test('the set-up includes every Node version that a test names', () => {
  expect(NODE_VARIABLES).toEqual(['DOLT_FEDERATION_TEST_NODE_20', 'DOLT_FEDERATION_TEST_NODE_24']);
});
