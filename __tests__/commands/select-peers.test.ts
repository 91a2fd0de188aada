import { expect, test } from '@jest/globals';
import { selectPeers } from '../../src/commands/select-peers.ts';
import { configure } from '../helpers/configuring.ts';
import { failureOf } from '../helpers/thrown.ts';

const CONFIGURATION = configure('federation: {remote: "file:///srv/hub", peers: {north: "file:///srv/north"}}');

test.each([
  [['nrth'], 'Did you mean north?'],
  // As in `git push origin main`.
  [['origin', 'main'], 'Name only peers here. `--branch` names the branch.'],
  [['absent'], 'Run `dolt-federation list-peers` to see the names.'],
])('%j contains an unknown peer', async (only, hint) => {
  const failure = await failureOf(() => selectPeers(CONFIGURATION, { only, onlyRoles: [] }));
  expect(failure).toMatchObject({ code: 'unknown-peer', hint });
});
