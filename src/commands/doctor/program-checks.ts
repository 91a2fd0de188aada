import type { Peer } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import type { Env } from '../../core/env.ts';
import { gitTransport } from '../../credentials/fitting.ts';
import { executablesOnPath } from '../../install/search-path.ts';
import { fine, missing } from './check.ts';

type Program = 'git' | 'ssh';

/** The programs that the peers' remotes are reached with. */
export function neededPrograms(peers: readonly Peer[]): readonly Program[] {
  const needsGit = peers.some(({ endpoint }) => endpoint.kind === 'git');
  const needsSsh = peers.some((peer) => isOverSsh(peer));
  return [...(needsGit ? (['git'] as const) : []), ...(needsSsh ? (['ssh'] as const) : [])];
}

/** Whether a peer is reached through ssh, be it by Dolt or by git. */
export function isOverSsh({ endpoint }: Peer): boolean {
  return endpoint.kind === 'ssh' || (endpoint.kind === 'git' && gitTransport(endpoint) === 'ssh');
}

/** Whether the programs that the peers need are on PATH. */
export async function checkPrograms(peers: readonly Peer[], env: Env): Promise<readonly DoctorCheck[]> {
  return Promise.all(neededPrograms(peers).map((program) => checkProgram(program, env)));
}

async function checkProgram(program: Program, env: Env): Promise<DoctorCheck> {
  const name = process.platform === 'win32' ? `${program}.exe` : program;
  const [path] = await executablesOnPath(name, env);
  if (path !== undefined) return fine({ check: program }, path);
  return missing({ check: program }, `no ${program} on PATH`, `Install ${program}, or put its folder on PATH.`);
}
