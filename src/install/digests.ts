import { valid } from 'semver';
import { z } from 'zod';
import table from './digests.json' with { type: 'json' };
import { SHA256 } from './file-digest.ts';

const version = z.string().refine((text) => valid(text) === text, 'not an exact version');
const assets = z.record(z.string().regex(/^dolt-[a-z0-9-]+\.(?:tar\.gz|zip)$/), z.string().regex(SHA256));

/** Version -> release asset -> SHA-256, as scripts/update-digests.mjs writes it. */
export const digestTableSchema = z.record(version, assets);
export type DigestTable = z.infer<typeof digestTableSchema>;

/** The digests that this version of dolt-federation was released with; for these GitHub's API is never asked. */
export const PINNED_DIGESTS: DigestTable = digestTableSchema.parse(table);
