import type { VersionResult } from '../contract/result.ts';
import { COMMIT, VERSION } from '../core/version.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { checkDolt } from './doctor/dolt-check.ts';
import { requestedDolt } from './prepare/options.ts';

export interface VersionRequest {
  readonly dolt: DoltRequest;
}

/** The versions of this tool, of Node, and of the Dolt that a run would use; downloads and builds nothing. */
export async function version(request: VersionRequest, context: Context): Promise<VersionResult> {
  const { dolt, check } = await checkDolt(request.dolt, context);
  return {
    version: VERSION,
    commit: COMMIT === 'unknown' ? null : COMMIT,
    node: process.versions.node,
    dolt: dolt === null ? null : { version: dolt.version, path: dolt.path },
    missing: dolt === null ? check.message : null,
  };
}

export const versionCommand = defineCommand({
  parse: (raw): VersionRequest => ({ dolt: requestedDolt(raw) }),
  run: version,
  render: (result) => ({ json: result, text: () => versionText(result) }),
});

function versionText({ version: own, commit, node, dolt, missing }: VersionResult): string {
  const lines = [
    `dolt-federation ${own} (commit ${commit ?? 'unknown'})`,
    `Node ${node}`,
    dolt === null ? `Dolt: ${missing}` : `Dolt ${dolt.version} (${dolt.path})`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
