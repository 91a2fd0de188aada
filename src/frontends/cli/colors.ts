import { COLOR_MODES, type ColorMode } from '../../contract/common-flags.ts';
import type { Env } from '../../core/env.ts';

interface Streams {
  readonly env: Env;
  readonly stdout: { readonly isTTY?: boolean };
  readonly stderr: { readonly isTTY?: boolean };
}

/** On which streams colour is used. */
export interface Colors {
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/**
 * On which streams colour is used. From high to low: the flag, NO_COLOR (no-color.org), FORCE_COLOR (`0` and `false` mean
 * none, as in Node), and whether the stream is a terminal that is not `dumb`. Also works for a command line that does
 * not parse, because its errors are coloured too.
 */
export function colorsOf(argv: readonly string[], { env, stdout, stderr }: Streams): Colors {
  const forced = explicitColor(flagOf(argv), env);
  if (forced !== null) return { stdout: forced, stderr: forced };
  const canColor = env['TERM'] !== 'dumb';
  return { stdout: canColor && stdout.isTTY === true, stderr: canColor && stderr.isTTY === true };
}

/** null: it depends on the stream. */
function explicitColor(flag: ColorMode | null, env: Env): boolean | null {
  if (flag !== null && flag !== 'auto') return flag === 'always';
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  const force = env['FORCE_COLOR'];
  if (force === undefined || force === '') return null;
  return force !== '0' && force !== 'false';
}

/** The last of `--color` and `--no-color`; null if there is none that is valid. */
function flagOf(argv: readonly string[]): ColorMode | null {
  const words = beforeDashes(argv);
  const at = words.findLastIndex((word) => word === '--no-color' || /^--color(?:=|$)/.test(word));
  const word = words[at];
  if (word === undefined) return null;
  if (word === '--no-color') return 'never';
  const value = word.includes('=') ? word.slice(word.indexOf('=') + 1) : words[at + 1];
  return COLOR_MODES.find((mode) => mode === value) ?? null;
}

/** The words that may be flags. */
export function beforeDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}
