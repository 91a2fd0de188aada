import type { InstallResult } from '../contract/result.ts';
import { installDolt } from '../install/install.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { requestedDolt } from './prepare/options.ts';
import type { DoltRequest } from './request.ts';

export interface InstallRequest {
  readonly dolt: DoltRequest;
}

/**
 * Finds or installs Dolt.
 * @returns version, path, and where it was found or came from
 * @throws Failure as `installDolt` does
 */
export async function install(request: InstallRequest, context: Context): Promise<InstallResult> {
  return await installDolt(request.dolt, context);
}

export const installCommand = defineCommand({
  parse: (asked): InstallRequest => ({ dolt: requestedDolt(asked) }),
  run: install,
  render: (result) => ({
    json: result,
    text: () => `dolt ${result.version} at ${result.path} (${result.source})\n`,
    outputs: () => ({ 'dolt-version': result.version, 'dolt-path': result.path }),
  }),
});
