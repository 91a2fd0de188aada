import { isCommonFlag } from './common-flags.ts';

/**
 * The command line in the one order that the parser knows. A first word `federation` means nothing and goes, so that
 * the lines of the beads guide (`bd federation add-peer …`) work; where nothing but display flags is left, the command
 * is `sync`.
 */
export function commandWords(argv: readonly string[]): readonly string[] {
  const first = argv.findIndex((word) => !isCommonFlag(word));
  const words = first !== -1 && argv[first] === 'federation' ? argv.toSpliced(first, 1) : argv;
  return words.every(isCommonFlag) ? [...words, 'sync'] : words;
}
