import { expect, test } from '@jest/globals';
import { buildConfiguration } from '../../src/config/build.ts';
import { toFailure } from '../../src/core/failure.ts';

function hintFor(peerKey: string): string {
  const text = `federation:\n  peers:\n    box:\n      endpoint: file:///box\n      ${peerKey}: x\n`;
  try {
    buildConfiguration({ file: '/c.yaml', workspace: null, text }, {}, {});
  } catch (thrown) {
    return toFailure(thrown).hint;
  }
  throw new Error(`accepted: ${peerKey}`);
}

test.each([
  ['url', 'Did you mean `federation.peers.box.endpoint`?'],
  ['rol', 'Did you mean `federation.peers.box.role`?'],
  ['password', 'Give them with `--credentials`'],
  ['something', 'Known keys: endpoint, role, tier'],
])('the unknown key %s of a peer gets a suggestion', (key, hint) => {
  expect(hintFor(key)).toContain(hint);
});
