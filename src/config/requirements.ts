import { Failure, placeOf } from '../core/failure.ts';
import type { Configuration, Origin, PushGuard } from './configuration.ts';

/**
 * Requires that this run may push or, if it only pulls, that it may write.
 * @throws Failure `push-disabled`, which names the key and where it is set
 */
export function requirePush({ push: { guard } }: Configuration, needs: 'push' | 'pull'): void {
  if (guard === null || (needs === 'pull' && guard.key !== 'readonly')) return;
  throw new Failure(
    'push-disabled',
    `${guardText(guard)} forbids ${guard.key === 'readonly' ? 'every write' : 'pushing'}`,
    {
      hint: guardHint(guard),
      location: guard.origin.layer === 'file' ? guard.origin.location : undefined,
    },
  );
}

/** A guard and where it is set, for messages. */
export function guardText({ key, origin }: PushGuard): string {
  const written = key === 'federation.push' ? `${key}: false` : `${key}: true`;
  switch (origin.layer) {
    case 'default':
      return written;
    case 'file':
      return `${written} (${placeOf(origin.location)})`;
    case 'environment':
      return `the variable ${origin.variable} (${key})`;
    case 'input':
      return `the input ${origin.name} (${key})`;
  }
}

/** How to remove a guard. */
export function guardHint({ key, origin }: PushGuard): string {
  const remove = origin.layer === 'environment' ? `Unset ${origin.variable}` : `Remove the key`;
  if (key === 'federation.push') return `${remove} to allow pushing this database.`;
  return `${remove}, or set \`federation.push: true\` to override it for dolt-federation only.`;
}

/**
 * Requires a sync mode that allows federation.
 * @throws Failure `sync-mode`
 */
export function requireFederation({ syncMode, file }: Configuration): void {
  switch (syncMode.value) {
    case 'dolt-native':
    case 'belt-and-suspenders':
      return;
    case 'git-portable':
    case 'realtime': {
      const { origin } = syncMode;
      const set =
        origin.layer === 'default'
          ? `sync.mode is not set, and in a folder with \`.beads\` it defaults to ${syncMode.value}`
          : `sync.mode is ${syncMode.value}`;
      throw new Failure(
        'sync-mode',
        `${set}, which does not allow federation; use dolt-native or belt-and-suspenders`,
        {
          hint: modeHint(origin, file ?? '.beads/config.yaml'),
          location: origin.layer === 'file' ? origin.location : undefined,
        },
      );
    }
  }
}

function modeHint(origin: Origin, file: string): string {
  switch (origin.layer) {
    case 'default':
      return `Add these two lines to ${file}:\nsync:\n  mode: dolt-native`;
    case 'file':
      return `Change the mode in ${file} to:\nsync:\n  mode: dolt-native`;
    case 'environment':
      return `Unset ${origin.variable}, or set it to dolt-native.`;
    case 'input':
      return `Remove the input or flag \`${origin.name.replace(/^--/, '')}\`, or set it to dolt-native.`;
  }
}
