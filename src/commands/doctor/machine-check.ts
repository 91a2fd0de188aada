import { gte, valid } from 'semver';
import type { Peer } from '../../config/configuration.ts';
import { ENDPOINT_KINDS, type RemoteProgram } from '../../config/endpoint/kinds.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import type { Env } from '../../core/env.ts';
import { gitTransport } from '../../credentials/credential.ts';
import { executablesOnPath } from '../../install/local-dolt.ts';
import { fine, missing, undetermined } from './check.ts';

/** The first runner that runs actions with `using: node24` (actions/runner release notes). */
const LEAST_RUNNER = '2.327.1';
const LEAST_NODE = 24;

/** The node that runs us. */
interface Node {
  readonly path: string;
  readonly major: number;
}

/**
 * Whether the runner is new enough for the Action; null outside a workflow. A runner does not report its version, but
 * the folder of its node may. A runner that uses its own node 24 is new enough.
 */
export function checkRunner(env: Env, node: Node): DoctorCheck | null {
  if (env['GITHUB_ACTIONS'] !== 'true') return null;
  const subject = { check: 'runner' } as const;
  const version = /[/\\.](\d+\.\d+\.\d+)[/\\]externals[/\\]/.exec(node.path)?.[1] ?? null;
  if (version !== null && valid(version) !== null) {
    if (gte(version, LEAST_RUNNER)) return fine(subject, `version ${version}`);
    return missing(subject, `version ${version}, but node24 needs ${LEAST_RUNNER}`, 'Update the runner.');
  }
  const isItsOwn = /[/\\]externals[/\\]node\d+[/\\]/.test(node.path);
  if (isItsOwn && node.major >= LEAST_NODE)
    return fine(subject, `includes node ${node.major}, so it is ${LEAST_RUNNER} or newer`);
  return undetermined(subject, `the runner's version is unknown; node24 needs ${LEAST_RUNNER}`);
}

/** The programs that the peers' remotes are reached with. */
export function neededPrograms(peers: readonly Peer[]): readonly RemoteProgram[] {
  return (['git', 'ssh'] as const).filter((program) => peers.some((peer) => programsOf(peer).includes(program)));
}

/** Whether Dolt or git reaches a peer through ssh. */
export function isOverSsh(peer: Peer): boolean {
  return programsOf(peer).includes('ssh');
}

function programsOf({ endpoint }: Peer): readonly RemoteProgram[] {
  const { program } = ENDPOINT_KINDS[endpoint.kind];
  if (program === null) return [];
  return program === 'git' && gitTransport(endpoint) === 'ssh' ? ['git', 'ssh'] : [program];
}

/** Whether the programs that the peers need are on PATH. */
export async function checkPrograms(peers: readonly Peer[], env: Env): Promise<readonly DoctorCheck[]> {
  return Promise.all(neededPrograms(peers).map((program) => checkProgram(program, env)));
}

async function checkProgram(program: RemoteProgram, env: Env): Promise<DoctorCheck> {
  const [path] = await executablesOnPath(program, env);
  if (path !== undefined) return fine({ check: program }, path);
  return missing({ check: program }, `${program} is not on PATH`, `Install ${program}, or add its folder to PATH.`);
}
