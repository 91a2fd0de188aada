import type { DoltRequest } from '../install/dolt-request.ts';
import { installDolt } from '../install/install.ts';
import { cacheHit } from '../report/outputs.ts';
import { defineCommand } from './command.ts';
import { requestedDolt } from './prepare/options.ts';

interface InstallRequest {
  readonly dolt: DoltRequest;
}

export const installCommand = defineCommand({
  parse: (raw): InstallRequest => ({ dolt: requestedDolt(raw) }),
  run: (request, context) => installDolt(request.dolt, context),
  render: (result) => ({
    json: result,
    text: () => `dolt ${result.version} at ${result.path} (${result.source})\n`,
    outputs: () => ({ 'dolt-version': result.version, 'dolt-path': result.path, 'cache-hit': cacheHit(result.source) }),
  }),
});
