import { cp } from 'node:fs/promises';
import type { Scene } from '../../__tests__/helpers/convergence/scene.ts';
import { filePeer } from '../../__tests__/helpers/federating.ts';
import type { Peer } from '../../src/config/configuration.ts';
import type { Role } from '../../src/contract/vocabulary.ts';

/** How the databases of a race meet. */
export const MEETINGS = ['writable mailboxes', 'read-only mailboxes', 'one shared remote'] as const;
export type Meeting = (typeof MEETINGS)[number];

/** A database that takes part in races. */
export interface Racer {
  readonly name: string;
  readonly path: string;
  readonly peers: readonly Peer[];
}

/** Makes databases that begin at the same commit and meet over folders, each in a copy of the scene. */
export async function racersOn(
  scene: Scene,
  of: { readonly meeting: Meeting; readonly databases: number },
): Promise<Racer[]> {
  const file = (name: string): string => scene.folder.file(`${of.meeting.replaceAll(' ', '-')}-${name}`);
  const names = Array.from({ length: of.databases }, (_, local) => `t${local}`);
  const boxes = of.meeting === 'one shared remote' ? ['shared'] : names.map((name) => `${name}box`);
  for (const box of boxes) await cp(scene.folder.file('base.box'), file(box), { recursive: true });
  for (const name of names) await cp(scene.folder.file('base'), file(name), { recursive: true });
  return names.map((name) => ({
    name,
    path: file(name),
    peers: boxes.map((box) => filePeer(box, file(box), roleOf(of.meeting, box === `${name}box`))),
  }));
}

function roleOf(meeting: Meeting, isOwn: boolean): Role {
  switch (meeting) {
    case 'writable mailboxes':
    case 'one shared remote':
      return 'peer';
    case 'read-only mailboxes':
      return isOwn ? 'peer' : 'upstream';
  }
}
