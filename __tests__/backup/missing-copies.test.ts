import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { exitCodeOf } from '../../src/commands/outcome/exit-code.ts';
import { EXIT } from '../../src/contract/exit-codes.ts';
import type { PeerEvent } from '../../src/core/logger.ts';
import { backUp } from '../helpers/backing-up.ts';
import { backupScene, isRestoring } from '../helpers/backup-scene.ts';
import { openTestDatabase } from '../helpers/database.ts';
import { publishMalformed } from '../helpers/swapped-contents.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const tableFiles = (path: string) => readdirSync(path).filter((name) => /^[0-9a-v]{32}(\.darc)?$/.test(name));

/** Flips a byte in the middle of each table file of a folder. */
const flipByte = (path: string) => {
  for (const name of tableFiles(path)) {
    const bytes = readFileSync(join(path, name));
    const at = Math.floor(bytes.length / 2);
    writeFileSync(join(path, name), bytes.with(at, bytes.readUInt8(at) ^ 0xff));
  }
};

/** Rows whose chunks are most of a database. They are only read if these rows are. */
const BIG = [
  'CREATE TABLE big (id INT PRIMARY KEY, v TEXT)',
  'INSERT INTO big WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, SHA2(i, 512) FROM n',
];

describe('missing backups', () => {
  /** Overwrites the table files of a folder. */
  const damage = (path: string) => {
    for (const name of tableFiles(path)) writeFileSync(join(path, name), 'damaged');
  };

  test('fail the run only if fewer copies than required are reachable', async () => {
    await using folder = await tempFolder();
    const { local, peers, url } = await backupScene(folder);
    await local.commit('big', ...BIG);
    const all = `${peers}\ndown: {endpoint: "file://${folder.file('no', 'disk')}", role: backup}`;
    const enough = await backUp(folder, all, { required: 2 });
    expect(enough.result).toMatchObject({
      status: 'success',
      peers: [{ status: 'failed', drill: { kind: 'skipped' } }, { status: 'pushed' }, { status: 'pushed' }],
      backup: { copies: 2, required: 2 },
    });
    expect(exitCodeOf(enough.result, 'any')).toBe(EXIT.ok);
    // One folder under two names is one copy.
    symlinkSync(folder.file('one'), folder.file('link'));
    const again = `${all}\nagain: {endpoint: "${url('link')}", role: backup}`;
    const tooFew = await backUp(folder, again, { required: 3, drill: 'off' });
    const message = expect.stringMatching(/^2 peers .*; not down \(folder-missing\), one \(at the place of again\)$/);
    expect(tooFew.result).toMatchObject({
      status: 'failed',
      problems: [{ severity: 'error', code: 'too-few-copies', message }],
      backup: { copies: 2, required: 3 },
    });
    expect(exitCodeOf(tooFew.result, 'any')).toBe(EXIT.failed);
    const every = await backUp(folder, all, { drill: 'off' });
    expect([every.result.status, exitCodeOf(every.result, 'any')]).toEqual(['partial', EXIT.partial]);

    // The read after a push fails, or shows that the peer has not kept it.
    const onEvent = ({ peer, step }: PeerEvent) => {
      if (step !== 'verifying' || (peer !== 'away' && peer !== 'empty')) return;
      renameSync(folder.file(peer), folder.file(`${peer}-moved`));
      if (peer === 'empty') mkdirSync(folder.file(peer));
    };
    const more = ['away', 'empty'].map((name) => `${name}: {endpoint: "${url(name)}", role: backup}`).join('\n');
    const unread = await backUp(folder, `${peers}\n${more}`, { required: 2, drill: 'off', onEvent });
    expect(unread.result).toMatchObject({
      status: 'partial',
      peers: [
        { name: 'away', error: { code: 'unverified' }, drill: { kind: 'skipped' } },
        { name: 'empty', error: { code: 'unverified' }, drill: { kind: 'differs' } },
        {},
        {},
      ],
      backup: { copies: 2 },
    });

    // Our own database is the damaged one, so the push cannot read a chunk of it.
    await local.sql('CALL DOLT_GC()');
    flipByte(join(local.path, '.dolt', 'noms', 'oldgen'));
    const later = `${peers}\nlater: {endpoint: "${url('later')}", role: backup}`;
    const ours = await backUp(folder, later, { required: 2, drill: 'off' });
    expect(ours.result).toMatchObject({
      status: 'unchanged',
      peers: [
        { name: 'later', error: { code: 'corrupt' }, drill: { kind: 'skipped' } },
        { verified: true },
        { verified: true },
      ],
    });
  });

  test('a backup that vanishes or needs a newer Dolt at its drill is unproven, a damaged one differs, and all fail the run', async () => {
    await using folder = await tempFolder();
    const { peers, url } = await backupScene(folder);
    const onEvent = (event: PeerEvent) => {
      if (isRestoring(event, 'one')) renameSync(folder.file('one'), folder.file('moved'));
      if (isRestoring(event, 'two')) damage(folder.file('two'));
      if (isRestoring(event, 'newer')) writeFileSync(folder.file('newer', 'manifest'), '9:__DOLT__');
    };
    const proof = folder.file('proof.json');
    const more = `${peers}\n${['newer', 'zeta'].map((name) => `${name}: {endpoint: "${url(name)}", role: backup}`).join('\n')}`;
    const { result } = await backUp(folder, more, { onEvent, proof, required: 2 });
    expect(result).toMatchObject({
      status: 'failed',
      peers: [
        {
          ...{ name: 'newer', status: 'failed', drill: { kind: 'unproven' } },
          error: { code: 'drill-unproven', message: expect.stringContaining('manifest version') },
        },
        {
          ...{ name: 'one', status: 'failed', verified: false, drill: { kind: 'unproven', databaseHash: null } },
          error: { code: 'drill-unproven', message: expect.stringContaining('does not exist') },
        },
        { name: 'two', status: 'failed', verified: false, error: { code: 'drill-failed' }, drill: { kind: 'differs' } },
        { name: 'zeta', status: 'pushed', drill: { kind: 'proven' } },
      ],
      backup: { copies: 1, proof: null },
    });
    expect(result.problems[0]).toMatchObject({
      code: 'too-few-copies',
      message: expect.stringContaining('not newer (drill-unproven), one (drill-unproven), two (drill-failed)'),
    });
    expect(existsSync(proof)).toBe(false);
  });

  test('backups with the damage of our own database are unproven, and the error names this database', async () => {
    await using folder = await tempFolder();
    const { local, peers } = await backupScene(folder);
    // A peer sent it in an older commit, which no query of a run reads.
    await cp(local.path, folder.file('theirs'), { recursive: true });
    const theirs = openTestDatabase(folder.file('theirs'));
    await theirs.commit('first', "UPDATE items SET title = 'malformed' WHERE id = 1");
    await theirs.commit('second', "UPDATE items SET title = 'theirs' WHERE id = 1");
    await publishMalformed(theirs, folder.file('box'), { kind: 'DTBL', text: 'malformed' });
    const sent = `CALL DOLT_REMOTE('add', 'peer', 'file://${folder.file('box')}')`;
    await local.sql(sent, "CALL DOLT_FETCH('peer')", "CALL DOLT_MERGE('peer/main')");
    const { result } = await backUp(folder, peers, { drill: 'full' });
    const message = expect.stringMatching(
      /^the backups are made, but not all could be drilled: this database has the same damage as its backups, .*`dolt fsck`/,
    );
    expect(result).toMatchObject({
      status: 'partial',
      peers: [
        { error: null, drill: { kind: 'unproven' } },
        { error: null, drill: { kind: 'unproven' } },
      ],
      backup: { copies: 0, proof: null },
    });
    expect(result.problems[0]).toMatchObject({ severity: 'error', code: 'corrupt', message });
  }, 120_000);

  test('a damaged backup makes the run partial, even if enough other copies exist', async () => {
    await using folder = await tempFolder();
    const { local, peers, url, hasData } = await backupScene(folder);
    let drilled = '';
    const onEvent = (event: PeerEvent) => {
      if (!isRestoring(event)) return;
      drilled = event.peer;
      damage(folder.file(event.peer));
    };
    const { result } = await backUp(folder, peers, { onEvent, drill: 'rotate', required: 1 });
    expect(result).toMatchObject({ status: 'partial', backup: { copies: 1, required: 1 } });
    expect(exitCodeOf(result, 'any')).toBe(EXIT.partial);
    expect(result.problems).toContainEqual(
      expect.objectContaining({ ...{ severity: 'error', code: 'drill-failed', peer: drilled } }),
    );
    expect(result.peers.find(({ name }) => name === drilled)).toMatchObject({ error: { code: 'drill-failed' } });

    // Its fetch shows the damage now, so it is not drilled any more.
    const later = await backUp(folder, peers, { drill: 'off', required: 1 });
    expect(later.result).toMatchObject({ status: 'partial', backup: { copies: 1, required: 1 } });
    expect(later.result.peers.find(({ name }) => name === drilled)).toMatchObject({
      status: 'failed',
      error: { code: 'corrupt' },
      drill: { kind: 'differs' },
    });
    expect(later.result.problems).toContainEqual(
      expect.objectContaining({ ...{ severity: 'error', code: 'corrupt', peer: drilled } }),
    );

    // The one backup of the day fails before its drill.
    const gone = peers.replace(url(drilled), `file://${folder.file('no', 'disk')}`);
    const undrilled = await backUp(folder, gone, { drill: 'rotate', required: 1 });
    expect(undrilled.result).toMatchObject({ status: 'partial', backup: { copies: 1 } });
    expect(undrilled.result.peers.find(({ name }) => name === drilled)).toMatchObject({
      error: { code: 'folder-missing' },
      drill: { kind: 'unproven' },
    });

    // The copies are made although no query can read one of our rows.
    await local.commit(
      'unreadable',
      "CREATE TABLE bad (id INT PRIMARY KEY, t TIME, v VARCHAR(20) AS (CONCAT(t, '')))",
      "INSERT INTO bad (id, t) VALUES (1, '10:00:00')",
    );
    const fresh = `three: {endpoint: "${url('three')}", role: backup}`;
    const proof = folder.file('proof.json');
    const ours = await backUp(folder, fresh, { tag: null, drill: 'full', proof });
    expect(ours.result).toMatchObject({
      status: 'partial',
      peers: [{ status: 'pushed', verified: true, error: null, drill: { kind: 'unproven' } }],
      backup: { copies: 0, proof: null },
    });
    expect(ours.result.problems[0]).toMatchObject({
      ...{ severity: 'error', peer: null, message: expect.stringContaining('the table bad cannot be read') },
    });
    expect([exitCodeOf(ours.result, 'any'), hasData('three')]).toEqual([EXIT.partial, true]);

    // They are also made if the proof cannot be written.
    const onRestoring = ({ step }: PeerEvent) => {
      if (step === 'verifying' && !existsSync(proof)) mkdirSync(proof);
    };
    const unwritten = await backUp(folder, fresh, { tag: null, drill: 'head', proof, onEvent: onRestoring });
    expect(unwritten.result).toMatchObject({
      status: 'partial',
      peers: [{ name: 'three', drill: { kind: 'proven' } }],
      backup: { copies: 1, proof: null },
    });
    expect(unwritten.result.problems[0]).toMatchObject({
      ...{ severity: 'error', message: expect.stringContaining('their proof could not be written') },
    });
  }, 60_000);
});
