import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerEvent } from '../../src/core/logger.ts';
import { scenario } from './scenario.ts';
import type { TempFolder } from './temp-folder.ts';

/** A database whose primary has its first commit, and two folders for backups that do not exist yet. */
export async function backupScene(folder: TempFolder) {
  const made = await scenario(folder)
    .database('local', "INSERT INTO items VALUES (3, 'three', 'cleo')")
    .mailbox('prim')
    .build();
  const local = made.database('local');
  const url = (name: string) => `file://${folder.file(name)}`;
  const peers = [
    `prim: {endpoint: "${url('prim')}", role: primary}`,
    `one: {endpoint: "${url('one')}", role: backup}`,
    `two: {endpoint: "${url('two')}", role: archive}`,
  ].join('\n');
  const tags = async () =>
    Object.fromEntries(
      (await local.rows('SELECT tag_name, tag_hash FROM dolt_tags')).map((row) => [row['tag_name'], row['tag_hash']]),
    );
  /** Whether anything was pushed there; registering a remote makes an empty folder. */
  const hasData = (name: string) => existsSync(join(folder.file(name), 'manifest'));
  return { local, peers, url, tags, hasData, head: await local.head() };
}

/** Whether an event says that the backup at a peer is being restored; at any peer by default. */
export const isRestoring = ({ peer, step, detail }: PeerEvent, name = peer) =>
  peer === name && step === 'verifying' && detail === 'restoring the backup';
