import { gte, valid } from 'semver';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import type { Env } from '../../core/env.ts';
import { fine, missing, untold } from './check.ts';

/** The first runner that runs actions with `using: node24` (actions/runner release notes). */
const LEAST_RUNNER = '2.327.1';
const LEAST_NODE = 24;

/** The node that runs us. */
interface Node {
  readonly path: string;
  readonly major: number;
}

/**
 * Whether the runner of a workflow is new enough for the Action; null outside of one. A runner does not tell its version,
 * but the folder of the node that it brings may, and whoever runs us with its own node 24 is new enough.
 */
export function checkRunner(env: Env, node: Node): DoctorCheck | null {
  if (env['GITHUB_ACTIONS'] !== 'true') return null;
  const subject = { check: 'runner' } as const;
  const version = /[/\\.](\d+\.\d+\.\d+)[/\\]externals[/\\]/.exec(node.path)?.[1] ?? null;
  if (version !== null && valid(version) !== null) {
    if (gte(version, LEAST_RUNNER)) return fine(subject, `version ${version}`);
    return missing(subject, `version ${version}, and node24 needs ${LEAST_RUNNER}`, 'Update the runner.');
  }
  const isItsOwn = /[/\\]externals[/\\]node\d+[/\\]/.test(node.path);
  if (isItsOwn && node.major >= LEAST_NODE)
    return fine(subject, `brings node ${node.major}, as ${LEAST_RUNNER} and newer do`);
  return untold(subject, `its version is not told here; node24 needs ${LEAST_RUNNER}`);
}
