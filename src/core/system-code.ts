import { types } from 'node:util';

/** The code of an error of Node or the system, such as `ENOENT`; null for anything else. */
export function systemCode(thrown: unknown): string | null {
  return types.isNativeError(thrown) && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
}
