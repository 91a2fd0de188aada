import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage, Failure } from '../../core/failure.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { readConfigText } from '../find-config.ts';
import type { PeerValue } from './edit-peers.ts';
import { withoutPeer, withPeer } from './edit-peers.ts';

/** Checks the new text, and throws to prevent the write. */
type Inspect = (text: string) => void;

/** Added to a new file if creating its folder would change the default so that federation is refused. */
const FRESH_MODE = 'sync:\n  mode: dolt-native\n';

/**
 * Adds a peer to an existing configuration file, atomically.
 * @throws Failure `config-unreadable`, or any error of `withPeer` and `inspect`
 */
export async function addPeerToFile(
  file: string,
  peer: { readonly name: string; readonly value: PeerValue },
  inspect: Inspect,
): Promise<void> {
  const text = withPeer(await readConfigText(file), peer.name, peer.value);
  inspect(text);
  await writeConfiguration(file, text);
}

/**
 * Creates a configuration file, and its folder, with one peer.
 * @param isFresh whether the `.beads` folder is created with it; then the file also enables federation
 * @throws Failure as `addPeerToFile`
 */
export async function createFileWithPeer(
  file: string,
  peer: { readonly name: string; readonly value: PeerValue; readonly isFresh: boolean },
  inspect: Inspect,
): Promise<void> {
  const text = withPeer(peer.isFresh ? FRESH_MODE : '', peer.name, peer.value);
  inspect(text);
  await writeConfiguration(file, text);
}

/**
 * Removes a peer from a configuration file; a file without it is not changed.
 * @throws Failure as `addPeerToFile`
 */
export async function removePeerFromFile(file: string, name: string, inspect: Inspect): Promise<void> {
  const before = await readConfigText(file);
  const text = withoutPeer(before, name);
  if (text === before) return;
  inspect(text);
  await writeConfiguration(file, text);
}

/**
 * Writes a configuration file, and its folder, atomically.
 * @throws Failure `config-unreadable`
 */
export async function writeConfiguration(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, text);
  } catch (thrown) {
    throw new Failure('config-unreadable', `cannot write ${file}: ${errorMessage(thrown)}`, {
      hint: 'Check that this user can write the file and its folder.',
      location: { file },
      cause: thrown,
    });
  }
}
