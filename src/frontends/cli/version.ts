import manifest from '../../../package.json' with { type: 'json' };

/** The version of this tool, from the one place that a release changes. */
export const VERSION: string = manifest.version;
