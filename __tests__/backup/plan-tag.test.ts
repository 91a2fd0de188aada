import { describe, expect, test } from '@jest/globals';
import { planTag } from '../../src/backup/plan-tag.ts';
import { failureOf } from '../helpers/thrown.ts';

const HEAD = 'h'.repeat(32);
const OLD = 'o'.repeat(32);
const OTHER = 'x'.repeat(32);
const at = (commit: string | null) => ({ name: 'origin', commit });

describe('the commit of a release', () => {
  test.each([
    ['the tag does not exist', null, at(null), { commit: HEAD, make: true, publish: true }],
    ['the tag does not exist, and no primary is configured', null, null, { commit: HEAD, make: true, publish: false }],
    ['only we have the tag', OLD, at(null), { commit: OLD, make: false, publish: true }],
    ['we have the tag, and no primary is configured', OLD, null, { commit: OLD, make: false, publish: false }],
    ['only the primary has the tag', null, at(OLD), { commit: OLD, make: true, publish: false }],
    ['we and the primary have the tag', OLD, at(OLD), { commit: OLD, make: false, publish: false }],
  ] as const)('%s', (_, here, primary, planned) => {
    expect(planTag({ tag: 'v1', head: HEAD, here, primary, backups: [] })).toEqual(planned);
  });

  test('is refused if the tag of the primary differs from ours', async () => {
    const failure = await failureOf(() =>
      planTag({ tag: 'v1', head: HEAD, here: OLD, primary: at(OTHER), backups: [] }),
    );
    expect(failure).toMatchObject({ code: 'tag-conflict', message: expect.stringContaining(OTHER) });
    expect(failure.message).toContain(OLD);
  });

  test('is not tagged at our head if every backup has the tag on another commit', async () => {
    const places = { tag: 'v1', head: HEAD, here: null, primary: at(null) };
    const old = { name: 'vault', commit: OLD };
    for (const backups of [[old], [old, { name: 'attic', commit: OTHER }]]) {
      const failure = await failureOf(() => planTag({ ...places, backups }));
      expect(failure).toMatchObject({
        code: 'tag-conflict',
        message: `vault has the tag v1 at ${OLD}, not at ${HEAD}`,
      });
      // A tag that exists is backed up.
      expect(planTag({ ...places, here: OLD, backups })).toMatchObject({ commit: OLD, make: false });
    }
    // One backup stops no others.
    for (const commit of [HEAD, null])
      expect(planTag({ ...places, backups: [old, { name: 'attic', commit }] })).toMatchObject({ commit: HEAD });
  });
});
