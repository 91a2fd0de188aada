import { expect, test } from '@jest/globals';
import { BEADS_TABLES, STEERING_TABLES } from '../helpers/attacks.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('settings, addresses and statuses that we have as well do not block, beside others of ours', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(
    folder,
    ...BEADS_TABLES,
    ...STEERING_TABLES,
    "INSERT INTO custom_statuses VALUES ('review', 'wip')",
  );
  const both = [
    "INSERT INTO config VALUES ('types.infra', 'task'), ('compact_tier1_days', '1')",
    "INSERT INTO routes VALUES ('kb-', '/srv/kb', NULL)",
    "UPDATE custom_statuses SET category = 'done'",
  ];
  await box.send(...both);
  await box.keep(
    ...both,
    "INSERT INTO config VALUES ('github.repo', 'org/ours')",
    "INSERT INTO routes VALUES ('own-', '/srv/own', NULL)",
    "INSERT INTO custom_statuses VALUES ('on ice', 'frozen')",
    "UPDATE federation_peers SET remote_url = 'https://ours.example/db'",
  );
  expect((await box.receive()).run('partner')).toMatchObject({ failure: null, pulledCommits: 1 });
  await box.send("CALL DOLT_PULL('mailbox', 'main')", "UPDATE config SET value = 'bug' WHERE `key` = 'types.infra'");
  expect((await box.receiveUnchanged()).run('partner').failure).toMatchObject({
    code: 'peer-steers',
    message: expect.stringContaining('changes 1 row of config'),
  });
});
