interface CommonFlag {
  readonly flag: string;
  readonly description: string;
  /** Attribute of a flag that excludes this one. */
  readonly excludes?: string;
}

/**
 * Flags that every command takes, before or after its name. They only affect the display, so requests do not contain
 * them.
 */
export const COMMON_FLAGS: readonly CommonFlag[] = [
  { flag: '--json', description: 'Print only the result or the error, as JSON' },
  { flag: '--quiet', description: 'Show only warnings, errors and the result' },
  { flag: '--verbose', description: 'Show every step, including the output of Dolt and git', excludes: 'quiet' },
  { flag: '--no-color', description: 'Disable colour, like the variable NO_COLOR' },
];

const DISPLAY_ONLY = new Set(COMMON_FLAGS.map((common) => common.flag));

/** Whether an argument is one of the common flags. */
function isCommonFlag(word: string): boolean {
  return DISPLAY_ONLY.has(word);
}

/** Whether JSON was requested; also works for a command line that does not parse. */
export function wantsJson(argv: readonly string[]): boolean {
  return flagsOnly(argv).includes('--json');
}

/**
 * Whether color may be used, likewise. `noColor` is the variable NO_COLOR: any text in it disables color
 * (no-color.org).
 */
export function wantsColor(argv: readonly string[], noColor: string | undefined): boolean {
  return !flagsOnly(argv).includes('--no-color') && (noColor ?? '') === '';
}

function flagsOnly(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}

/**
 * The command line in the order that the parser expects. A first word `federation` is ignored, so that the lines of the
 * beads guide (`bd federation add-peer …`) work. Without a command, the command is `sync`.
 */
export function commandPath(argv: readonly string[]): readonly string[] {
  const first = argv.findIndex((word) => !isCommonFlag(word));
  const words = first !== -1 && argv[first] === 'federation' ? argv.toSpliced(first, 1) : argv;
  return words.every(isCommonFlag) ? [...words, 'sync'] : words;
}
