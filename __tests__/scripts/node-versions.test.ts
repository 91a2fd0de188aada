import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { run } from '../../src/dolt/process.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const SCRIPT = pathToFileURL('scripts/node-versions.mjs').href;

test('a Node that npm cannot give is named and missing, and nothing is left behind', async () => {
  await using folder = await tempFolder();
  const script = `
    const { installNodes, NODE_VARIABLES } = await import('${SCRIPT}');
    const found = await installNodes(NODE_VARIABLES, { folder: '${folder.file('nodes')}' });
    const { readdir } = await import('node:fs/promises');
    console.log(JSON.stringify({ wanted: NODE_VARIABLES.length, found, left: await readdir('${folder.path}', { recursive: true }) }));`;
  const env = { PATH: folder.path };
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], { env });
  const linux = process.platform === 'linux';
  expect(JSON.parse(stdout)).toEqual({ wanted: linux ? 2 : 0, found: {}, left: linux ? ['nodes'] : [] });
  if (linux) {
    expect(stderr.split('\n')).toEqual([
      'Some tests will fail without Node 20.5.1 (or set DOLT_FEDERATION_TEST_NODE_20)',
      'Some tests will fail without Node 24.21.0 (or set DOLT_FEDERATION_TEST_NODE_24)',
    ]);
  }
});
