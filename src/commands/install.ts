import type { InstallResult } from '../contract/result.ts';
import { installDolt } from '../install/install.ts';
import type { Context } from './context.ts';
import type { InstallRequest } from './request.ts';

/**
 * Finds or installs Dolt.
 * @returns version, path, and where it was found or came from
 * @throws Failure as `installDolt` does
 */
export async function install(request: InstallRequest, context: Context): Promise<InstallResult> {
  return await installDolt(request.dolt, context);
}
