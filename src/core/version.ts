import manifest from '../../package.json' with { type: 'json' };

/** The version of this tool. */
export const VERSION: string = manifest.version;

/** The commit that a release was built from. `npm run build` fills it in if DOLT_FEDERATION_COMMIT names one. */
export const COMMIT: string = 'unknown';
