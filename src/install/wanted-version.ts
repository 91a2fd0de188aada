import { clean, rcompare, satisfies, validRange } from 'semver';
import { Failure } from '../core/failure.ts';

/** A version or a range: whether another version fits can be told from it alone. */
export type WantedVersion =
  | { readonly kind: 'exact'; readonly version: string }
  | { readonly kind: 'range'; readonly range: string };

/** What a user may ask for; which version is `latest` only the release host knows. */
export type AskedVersion = WantedVersion | { readonly kind: 'latest' };

/**
 * Parses `2.3.0`, `v2.3.0`, a semver range such as `2.x` or `>=2.3 <3`, or `latest`.
 * @throws Failure `bad-usage` for anything else
 */
export function parseAskedVersion(text: string): AskedVersion {
  const trimmed = text.trim();
  if (trimmed === 'latest') return { kind: 'latest' };
  const version = clean(trimmed);
  if (version !== null) return { kind: 'exact', version };
  const range = trimmed === '' ? null : validRange(trimmed);
  if (range !== null) return { kind: 'range', range };
  throw new Failure(
    'bad-usage',
    `dolt-version is ${JSON.stringify(text)}, which is neither a version, nor a semver range, nor "latest"`,
    { hint: 'Write for example `2.3.0`, `^2.3`, or `latest`.' },
  );
}

/** Whether a version is what was asked for. */
export function fits(version: string, wanted: WantedVersion): boolean {
  switch (wanted.kind) {
    case 'exact':
      return version === wanted.version;
    case 'range':
      return satisfies(version, wanted.range);
  }
}

/** The newest of some versions that fits; null where none does. */
export function newestFitting(versions: readonly string[], wanted: WantedVersion): string | null {
  const fitting = versions.filter((version) => fits(version, wanted));
  return fitting.sort(rcompare)[0] ?? null;
}

/** What was asked for, as a message quotes it. */
export function describeWanted(wanted: WantedVersion): string {
  switch (wanted.kind) {
    case 'exact':
      return wanted.version;
    case 'range':
      return `"${wanted.range}"`;
  }
}
