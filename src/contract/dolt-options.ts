import { BOTH, type OptionEntry } from './option-entry.ts';
import { DOLT_SOURCES } from './vocabulary.ts';

/** The Dolt version that is installed and tested by default. */
export const DEFAULT_DOLT_VERSION = '2.3.0';

/** Which Dolt is used, and where it may come from. */
export const DOLT_OPTIONS = {
  'dolt-version': {
    description: 'Dolt version: exact, a range, or `latest`',
    frontends: BOTH,
    type: 'text',
    default: DEFAULT_DOLT_VERSION,
    value: 'version',
  },
  'dolt-source': {
    description:
      'How to get a missing Dolt: download its `release`, `build` it from source (needs Go), or `auto`: build it only if the release is unreachable',
    frontends: BOTH,
    type: 'choice',
    choices: DOLT_SOURCES,
    default: 'release',
  },
  'dolt-path': { description: 'Path of the Dolt executable to use', frontends: BOTH, type: 'text', value: 'file' },
  'dolt-sha256': {
    description:
      'SHA-256 of the release asset, in hexadecimal. Only that asset is used: `PATH` is not searched, and `dolt-path` and `dolt-source: build` are refused',
    frontends: BOTH,
    type: 'text',
    value: 'digest',
  },
  'dolt-mirror': {
    description: 'Base URL to download Dolt releases from',
    frontends: BOTH,
    type: 'text',
    value: 'url',
  },
} as const satisfies Record<string, OptionEntry>;
