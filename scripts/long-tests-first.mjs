// @ts-check
import { createRequire } from 'node:module';

/**
 * Its declarations describe the CommonJS form, and a plain import gives another one.
 * @type {typeof import('@jest/test-sequencer')}
 */
const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

/** Files that take minutes: started last, each would keep one worker busy while the others have nothing to do. */
const LONG =
  /__tests__[\\/](?:faults|convergence|endpoints|limits|beads[\\/]processes)[\\/]|getting-started|random-histories/;

/** jest starts what took longest first. On a fresh clone it knows no durations and would go by the size of the files. */
export default class LongTestsFirst extends Sequencer {
  /**
   * @override
   * @param {Parameters<InstanceType<typeof Sequencer>['sort']>[0]} tests
   */
  async sort(tests) {
    const sorted = await super.sort(tests);
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted;
    return [...sorted.filter(({ path }) => LONG.test(path)), ...sorted.filter(({ path }) => !LONG.test(path))];
  }
}
