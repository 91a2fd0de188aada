import { expect, test } from '@jest/globals';
import { messageOf, toolOutput } from '../../src/commands/outcome/tool-output.ts';
import { asError } from '../../src/core/diagnostic.ts';
import { Secrets } from '../../src/core/secrets.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

test('a peer whose definition makes Dolt repeat a value of ours in an error does not publish the value', async () => {
  await using folder = await tempFolder();
  const box = await mailbox(folder, 'CREATE TABLE notes (id INT PRIMARY KEY, text VARCHAR(40))');
  // The words are of a known class: in quotes they decide nothing.
  const repeated = "CONCAT(text, ' connection refused')";
  await box.send(`ALTER TABLE notes ADD CONSTRAINT c CHECK (UUID_TO_BIN(${repeated}) IS NOT NULL)`);
  await box.keep("INSERT INTO notes VALUES (1, 'a private value')");
  const { failure } = (await box.receiveUnchanged()).run('partner');
  if (failure === null) throw new Error('the head was merged');
  expect(failure.code).toBe('dolt-defect');
  expect(messageOf(failure, { reportValues: 'full' })).toContain('a private value');
  expect(asError(failure).message).not.toContain('private');
  for (const reportValues of ['none', 'keys'] as const)
    for (const text of [messageOf(failure, { reportValues }), toolOutput(failure, new Secrets(), reportValues)])
      expect(text).toMatch(/^(?!.*private).*unable to parse … to UUID/s);
});
