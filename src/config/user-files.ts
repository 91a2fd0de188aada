import { join } from 'node:path';
import type { Env } from '../core/env.ts';

/** The configuration files of the user that bd 1.3.0 merges, from lowest to highest, each once. */
export function bdUserFiles(env: Env): readonly string[] {
  const home = homeOf(env);
  const xdg = env['XDG_CONFIG_HOME'];
  const files = [
    ...(home === undefined ? [] : [join(home, '.beads', 'config.yaml')]),
    ...(xdg === undefined ? [] : [join(xdg, 'bd', 'config.yaml')]),
    ...(home === undefined ? [] : [join(home, '.config', 'bd', 'config.yaml')]),
  ];
  return [...new Set(files)];
}

/** The one file of the user that dolt-federation reads if no checkout has one; null: no folder for it is known. */
export function userConfigFile(env: Env): string | null {
  const home = homeOf(env);
  const base = env['XDG_CONFIG_HOME'] ?? (home === undefined ? null : join(home, '.config'));
  return base === null ? null : join(base, 'bd', 'config.yaml');
}

function homeOf(env: Env): string | undefined {
  return env['HOME'] ?? env['USERPROFILE'];
}
