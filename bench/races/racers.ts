import { cp } from 'node:fs/promises';
import type { Ground } from '../../__tests__/helpers/convergence/ground.ts';
import { filePeer } from '../../__tests__/helpers/federating.ts';
import type { Peer } from '../../src/config/configuration.ts';
import type { Role } from '../../src/contract/vocabulary.ts';

/** How the towns of a race meet. */
export const MEETINGS = ['writable mailboxes', 'read-only mailboxes', 'one shared remote'] as const;
export type Meeting = (typeof MEETINGS)[number];

/** A town that takes part in races. */
export interface Racer {
  readonly name: string;
  readonly path: string;
  readonly peers: readonly Peer[];
}

/** Makes towns that begin at the same commit and meet over folders, each in a copy of the ground. */
export async function racersOn(
  ground: Ground,
  of: { readonly meeting: Meeting; readonly towns: number },
): Promise<Racer[]> {
  const file = (name: string): string => ground.folder.file(`${of.meeting.replaceAll(' ', '-')}-${name}`);
  const names = Array.from({ length: of.towns }, (_, town) => `t${town}`);
  const boxes = of.meeting === 'one shared remote' ? ['shared'] : names.map((name) => `${name}box`);
  for (const box of boxes) await cp(ground.folder.file('base.box'), file(box), { recursive: true });
  for (const name of names) await cp(ground.folder.file('base'), file(name), { recursive: true });
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
