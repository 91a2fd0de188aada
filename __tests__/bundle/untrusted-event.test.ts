import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeDatabase } from '../helpers/database.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { fakeRunner } from '../helpers/fake-runner.ts';
import { validated } from '../helpers/json-schema.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const PULL_REQUEST = { name: 'pull_request', ref: 'refs/pull/1/merge' };

describe('an event that may not write', () => {
  test('only lets a step check the configuration: it contacts no host and says why', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    await makeDatabase(join(runner.workspace, 'local'));
    const peers = `mailbox: file://${folder.file('mailbox')}`;
    const inputs = { database: 'local', peers, 'dolt-path': testDolt() };

    const step = await runner.main({ event: PULL_REQUEST, inputs });
    expect(step.exitCode).toBe(0);
    expect(step.outputs).toMatchObject({ status: 'skipped', changed: 'false' });
    expect(existsSync(folder.file('mailbox'))).toBe(false);
    expect(step.stdout).toContain('Nothing is written: writes are not allowed on the event pull_request.');
    expect(step.commands).toContainEqual(
      expect.objectContaining({ command: 'warning', properties: { title: 'untrusted-event' } }),
    );
    validated('run', step.outputs['result'] ?? '');

    const allowed = await runner.main({ event: PULL_REQUEST, inputs: { ...inputs, 'allow-untrusted-event': 'true' } });
    expect(allowed.outputs).toMatchObject({ status: 'success', synced: 'mailbox' });
  });

  test('does not hide a bad configuration', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    await writeFile(join(runner.workspace, 'c.yaml'), 'federation:\n  sovereignty: T9\n');
    const step = await runner.main({ event: PULL_REQUEST, inputs: { config: 'c.yaml' } });
    expect(step.exitCode).toBe(2);
  });

  test('may install Dolt', async () => {
    await using folder = await tempFolder();
    const runner = await fakeRunner(folder);
    const step = await runner.main({
      event: PULL_REQUEST,
      action: 'setup/action.yml',
      inputs: { 'dolt-path': testDolt() },
    });
    expect(step.exitCode).toBe(0);
    expect(step.outputs).toMatchObject({ 'dolt-path': testDolt(), status: 'success' });
    expect(step.outputs['dolt-version']).toMatch(/^\d+\.\d+\.\d+$/);
    validated('install', step.outputs['result'] ?? '');
  });
});
