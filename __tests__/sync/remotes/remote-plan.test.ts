import { describe, expect, test } from '@jest/globals';
import { canonicalAddress } from '../../../src/dolt/remote-address.ts';
import { planRemote, type Registering } from '../../../src/sync/remotes/remote-plan.ts';
import type { RemoteRecord } from '../../../src/sync/remotes/remote-records.ts';
import { refusal } from '../../helpers/configuring.ts';

const A = 'file:///srv/a';
const B = 'file:///srv/b';

interface Case {
  readonly remotes?: Readonly<Record<string, string>>;
  readonly records?: Readonly<Record<string, Partial<RemoteRecord>>>;
  readonly peers?: readonly string[];
  readonly registering?: Registering;
  readonly fix?: boolean;
  readonly ref?: string;
}

/** The plan for the peer `box` at the address A. */
function plan({ remotes = {}, records = {}, peers = ['box'], registering = 'keep', fix = false, ref }: Case) {
  const known = {
    remotes: Object.entries(remotes).map(([name, url]) => ({ name, url, ref: null, address: canonicalAddress(url) })),
    backups: [],
    peers,
    records: new Map(
      Object.entries(records).map(([name, record]) => [name, { peer: 'box', url: A, ref: null, run: null, ...record }]),
    ),
  };
  const { kind, remote, lasting, other } = planRemote({ peer: 'box', url: A, ref: ref ?? null, address: A }, known, {
    registering,
    fix,
  });
  return [kind, remote, ...(lasting ? [] : ['for this run']), ...(other === null ? [] : [`not ${other.name}`])].join(
    ' ',
  );
}

describe('the remote of a peer', () => {
  test.each<[string, Case, string]>([
    ['no remote exists', {}, 'add box'],
    ['the name differs in case', { remotes: { Box: B } }, 'add box'],
    ['the remote exists', { remotes: { box: A } }, 'use box'],
    ['the remote exists with another spelling', { remotes: { box: 'file:/srv/./a/' } }, 'use box'],
    ['another remote has the address', { remotes: { other: A } }, 'add box'],
    ['the name is taken', { remotes: { box: B } }, 'add dolt-federation-box not box'],
    ['the name belongs to another git ref', { remotes: { box: A }, ref: 'refs/x' }, 'add dolt-federation-box not box'],
    [
      'the remote already has the other name',
      { remotes: { box: B, 'dolt-federation-box': A } },
      'use dolt-federation-box not box',
    ],
    ['both names are taken', { remotes: { box: B, 'dolt-federation-box': B } }, 'add dolt-federation-box-2 not box'],
    ['a fix is requested', { remotes: { box: B }, fix: true }, 'repoint box not box'],
    ['the address of ours changed', { remotes: { box: B }, records: { box: { url: B } } }, 'repoint box not box'],
    ['ours was repointed', { remotes: { box: B }, records: { box: {} } }, 'add dolt-federation-box not box'],
    [
      'the address of ours with the other name changed',
      { remotes: { box: B, 'dolt-federation-box': B }, records: { 'dolt-federation-box': { url: B } } },
      'repoint dolt-federation-box not dolt-federation-box',
    ],
    [
      'another run uses the name',
      { remotes: { box: A }, records: { box: { run: 'another' } } },
      'add dolt-federation-box',
    ],
  ])('is permanent if remotes are permanent: %s', (_, known, planned) => {
    expect(plan(known)).toBe(planned);
  });

  test.each<[string, Case, string]>([
    ['no remote exists', {}, 'add box for this run'],
    ['ours is kept', { remotes: { box: A }, records: { box: {} } }, 'use box'],
    ['tracking refs of others stay', { remotes: { box: A } }, 'add dolt-federation-box for this run'],
    ['the name is taken', { remotes: { box: B } }, 'add dolt-federation-box for this run not box'],
    ['a fix is requested', { remotes: { box: B }, fix: true }, 'repoint box not box'],
  ])('is temporary if remotes are temporary: %s', (_, known, planned) => {
    expect(plan({ ...known, registering: 'run' })).toBe(planned);
  });

  test.each<[string, Case, string]>([
    ['no remote exists', {}, 'add dolt-federation-look-box for this run'],
    ['the remote exists', { remotes: { box: A }, records: { box: {} } }, 'add dolt-federation-look-box for this run'],
    ['the name is taken', { remotes: { box: B }, fix: false }, 'add dolt-federation-look-box for this run not box'],
    ['a fix would be requested', { remotes: { box: B }, fix: true }, 'add dolt-federation-look-box for this run'],
    [
      'another run only reads too',
      { remotes: { 'dolt-federation-look-box': A } },
      'add dolt-federation-look-box-2 for this run',
    ],
  ])('has a name of its own in a run that only reads: %s', (_, known, planned) => {
    expect(plan({ ...known, registering: 'read' })).toBe(planned);
  });

  test.each<[string, Case]>([
    ['has the other name', { remotes: { box: B }, peers: ['box', 'dolt-federation-box'] }],
    ['already has this name', { remotes: { box: B }, records: { box: { peer: 'x', url: B } }, peers: ['box', 'x'] }],
  ])('is refused only if another peer %s', async (_, known) => {
    const failure = await refusal(() => plan(known));
    expect(failure).toMatchObject({ code: 'config-invalid', hint: 'Rename one of the two peers.' });
  });
});
