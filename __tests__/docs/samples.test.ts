import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ErrorCode } from '../../src/contract/error-codes.ts';
import { type Env, readEnv } from '../../src/core/env.ts';
import { toFailure } from '../../src/core/failure.ts';
import { failureOutput, renderedOutput } from '../../src/frontends/cli/output.ts';
import { completeCommands } from '../../src/frontends/cli/printed-commands.ts';
import { expectApproved } from '../helpers/approved.ts';
import { parsed, prepared } from '../helpers/command-line.ts';
import { commandContext } from '../helpers/configuring.ts';
import { testDolt } from '../helpers/dolt-binary.ts';
import { committing, scenario } from '../helpers/scenario.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** The commands of a user in a database with a configuration, and the code that each prints. `SRV` is a folder. */
interface Sample {
  readonly code: ErrorCode;
  readonly line: string;
  /** .beads/config.yaml; null: there is none. */
  readonly config: string | null;
  readonly env?: Env;
}

const MODE = 'sync:\n  mode: dolt-native\n';
const federation = (...lines: string[]) => `${MODE}federation:\n${lines.map((line) => `  ${line}\n`).join('')}`;
const peers = (...lines: string[]) => federation('peers:', ...lines.map((line) => `  ${line}`));
const BOX = peers('box: file://SRV/box');
const sample = (code: ErrorCode, line: string, config: string | null = BOX, env: Env = {}): Sample => ({
  ...{ code, line, config, env },
});

/** Mistakes that are found before a peer is contacted. */
const OFFLINE: readonly Sample[] = [
  sample('bad-usage', 'sync --timeout 10'),
  sample('config-not-found', 'sync --config peers.yaml'),
  sample('config-unreadable', 'list-peers', ''),
  sample('config-syntax', 'list-peers', 'federation:\n  peers:\n    box: file:///srv/box\n   hub: file:///srv/hub\n'),
  sample('config-unknown-key', 'list-peers', 'federation:\n  peer:\n    box: file:///srv/box\n'),
  sample('config-invalid', 'list-peers', federation('sovereignty: T5')),
  sample('config-ambiguous', 'list-peers', `${federation('dirty: fail')}federation.dirty: commit\n`),
  sample('not-supported', 'list-peers', federation('privacy: {}')),
  sample('sync-mode', 'sync', 'federation:\n  remote: file:///srv/box\n'),
  sample('invalid-peer-name', 'add-peer main file:///srv/box'),
  sample('invalid-endpoint', 'add-peer hub /srv/hub'),
  sample(
    'endpoint-not-allowed',
    'add-peer hub s3://elsewhere/hub',
    federation('allowed-remote-patterns: [s3://ours/*]'),
  ),
  sample('already-configured', 'init file:///srv/hub'),
  sample('peer-exists', 'add-peer box file:///srv/hub'),
  sample('duplicate-endpoint', 'validate', peers('box: file:///srv/box', 'hub: file:///srv/box')),
  sample('unknown-peer', 'sync bax'),
  sample('no-primary', 'sync --fail-on primary'),
  sample(
    'tier-lowered',
    'list-peers',
    federation('sovereignty: T2', 'peers:', '  box: {endpoint: file:///srv/box, tier: T1}'),
  ),
  sample('secret-in-config', 'add-peer hub https://ann:secret@dolt.example/hub'),
  sample('credential-url-mismatch', 'sync', peers('hub: {endpoint: https://dolt.example/hub, live: false}'), {
    DOLT_FEDERATION_CREDENTIALS: 'hub: {url: https://old.example, user: ann, password: secret}',
  }),
  sample('no-peers', 'sync', null),
  sample('no-peers-selected', 'sync --only-role backup'),
  sample('result-invalid', 'report leg-1.json'),
  sample('no-database', 'sync --database nroth'),
  sample('working-database', 'add-peer south file://SRV/south'),
  sample('not-a-remote', 'add-peer notes file://SRV/notes'),
  sample('push-disabled', 'push', `no-push: true\n${BOX}`),
  sample('no-backup-peers', 'backup'),
  sample('dolt-not-found', 'sync --dolt-path /opt/dolt'),
];

/** The findings of a run, in the order of one story. */
const ONLINE: readonly Sample[] = [
  sample('branch-not-found', 'sync --branch trunk'),
  sample(
    'too-few-copies',
    'backup --drill off --require-copies 1',
    peers('disk: {endpoint: file:///no-such-disk/north, role: backup}'),
  ),
  sample('tag-conflict', 'backup --tag v1', peers('vault: {endpoint: file://SRV/tagged, role: backup}')),
  sample('remote-empty', 'sync', peers('hub: file://SRV/hub')),
  sample('stale', 'status --stale-after 1s', peers('vault: file://SRV/vault')),
  sample('folder-missing', 'sync', peers('disk: file:///no-such-disk/north')),
  sample('network', 'sync --retries 0', peers('hub: {endpoint: https://127.0.0.1:1/north, live: false}')),
  sample('branch-missing', 'sync', peers('box: {endpoint: file://SRV/box, branch: trunk, role: upstream}')),
  sample('unrelated', 'sync', peers('west: {endpoint: file://SRV/west-box}')),
  sample('schema-conflict', 'sync', peers('schema: {endpoint: file://SRV/schema-box}')),
  sample('mass-deletion', 'sync', peers('deleting: {endpoint: file://SRV/deleting-box}')),
  sample('conflict', 'sync', peers('box: {endpoint: file://SRV/changed-box, conflict: manual}')),
  sample('uncommitted-changes', 'sync', federation('dirty: fail', 'peers:', '  box: file://SRV/box')),
  sample('id-collision', 'sync', peers('box: {endpoint: file://SRV/changed-box}')),
];

/** The output of the command line for a code. */
async function printed(folder: TempFolder, { code, line, config, env = {} }: Sample): Promise<string> {
  const argv = line.replaceAll('SRV', folder.path).split(' ');
  await rm(folder.file('north', '.beads'), { recursive: true, force: true });
  if (config !== null) {
    await mkdir(folder.file('north', '.beads'));
    await writeFile(folder.file('north', '.beads', 'config.yaml'), config.replaceAll('SRV', folder.path));
  }
  const context = commandContext(folder.file('north'), {
    env: { PATH: `${dirname(testDolt())}:${readEnv()['PATH'] ?? ''}`, ...env },
  });
  const run = async () => await prepared(argv).run({ ...context, tempDir: folder.file('tmp'), userHome: true });
  const text = await run()
    .then(
      ({ rendered }) =>
        renderedOutput(rendered, { json: false, showOrigin: false, color: false, columns: null, wide: false }).stdout,
    )
    .catch((thrown: unknown) => failureOutput(toFailure(thrown), { json: false, color: false }).stderr);
  return completeCommands(finding(text, code), parsed(argv).parsed);
}

/** The lines of one error, warning or notice. */
function finding(text: string, code: ErrorCode): string {
  const lines = text.split('\n');
  const first = lines.findIndex(
    (line) => /^(?:\S+: )?(?:error|warning|notice): /.test(line) && line.endsWith(`(${code})`),
  );
  if (first === -1) throw new Error(`nothing about ${code} in:\n${text}`);
  const rest = lines.slice(first + 1);
  const end = rest.findIndex((line) => !line.startsWith('  '));
  return [lines[first] ?? '', ...rest.slice(0, end === -1 ? rest.length : end)].join('\n');
}

/** Paths, commits and times differ from run to run, and Dolt names the heads in the order of their hashes. */
function steady(folder: TempFolder, text: string): string {
  return text
    .replaceAll(folder.path, '/work')
    .replace(/\b[0-9a-v]{32}\b/g, '0123456789abcdefghijklmnopqrstuv')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d(?:\.\d+)?)?/g, '2026-01-02 03:04:05')
    .replace('Datetime(SQL: "date") and Int32', 'Int32 and Datetime(SQL: "date")');
}

const MANY = Array.from({ length: 30 }, (_, at) => `(${at + 100}, 'item ${at}', 'ann')`).join(', ');

test('docs/troubleshooting.md shows the printed messages', async () => {
  await using folder = await tempFolder();
  await Promise.all(['tmp', 'notes'].map((name) => mkdir(folder.file(name))));
  await writeFile(folder.file('notes', 'todo.txt'), 'ours');
  const made = await scenario(folder)
    .base(
      'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100), owner VARCHAR(40))',
      `INSERT INTO items VALUES ${MANY}, (1, 'one', 'ann')`,
    )
    .database('south')
    .database(
      'north',
      "UPDATE items SET title = 'eins' WHERE id = 1",
      "INSERT INTO items VALUES (7, 'sieben', 'ann')",
      'ALTER TABLE items ADD COLUMN due DATE',
    )
    .mailbox('box')
    .build();
  const south = made.database('south');
  const branches: Readonly<Record<string, readonly string[]>> = {
    schema: ['ALTER TABLE items ADD COLUMN due INT'],
    deleting: ['DELETE FROM items WHERE id >= 100'],
    changed: ["UPDATE items SET title = 'uno' WHERE id = 1", "INSERT INTO items VALUES (7, 'siete', 'bob')"],
  };
  await south.sql(
    ...Object.entries(branches).flatMap(([name, statements]) => [
      `CALL DOLT_CHECKOUT('-b', '${name}', 'main')`,
      ...committing(name, statements),
      "CALL DOLT_CHECKOUT('main')",
    ]),
  );
  for (const name of Object.keys(branches)) await south.publish(`file://${folder.file(`${name}-box`)}`, `${name}:main`);
  await south.sql("CALL DOLT_TAG('v1', 'main')");
  for (const ref of ['main', 'refs/tags/v1:refs/tags/v1']) await south.publish(`file://${folder.file('tagged')}`, ref);
  const west = await scenario(folder).database('west').build();
  await west.database('west').publish(`file://${folder.file('west-box')}`);

  for (const each of [...OFFLINE, ...ONLINE]) {
    if (each.code === 'uncommitted-changes')
      await made.database('north').sql("UPDATE items SET title = 'x' WHERE id = 100");
    if (each.code === 'id-collision') await made.database('north').sql("CALL DOLT_RESET('--hard')");
    const text = steady(folder, await printed(folder, each));
    expectApproved(`samples/${each.code}.txt`, `$ dolt-federation ${each.line.replaceAll('SRV', '/work')}\n${text}\n`);
  }
  expect(new Set([...OFFLINE, ...ONLINE].map(({ code }) => code)).size).toBe(OFFLINE.length + ONLINE.length);
}, 240_000);
