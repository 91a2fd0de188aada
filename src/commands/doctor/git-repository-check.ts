import { fileURLToPath } from 'node:url';
import type { Peer } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { doltEnvironment } from '../../dolt/environment.ts';
import { run } from '../../dolt/process.ts';
import { textFailure } from '../../dolt/sql-failure.ts';
import type { Context } from '../context.ts';
import { fine, refused } from './check.ts';

/** Whether git opens the repository of a `git+file://` peer; null for other peers. */
export async function checkGitRepository({ name, endpoint }: Peer, context: Context): Promise<DoctorCheck | null> {
  if (endpoint.kind !== 'git' || !/^(?:git\+)?file:/i.test(endpoint.dolt)) return null;
  const path = fileURLToPath(endpoint.dolt.replace(/^git\+/i, ''));
  const { tempDir, userHome, signal, secrets } = context;
  const env = doltEnvironment(context.env, tempDir, { privateDir: tempDir, userHome });
  const { exitCode, stderr } = await run('git', ['ls-remote', '--quiet', '--', path], { env, cwd: tempDir, signal });
  const subject = { check: 'folder', peer: name } as const;
  if (exitCode === 0) return fine(subject, path);
  return refused(subject, textFailure(secrets.redact(stderr.trim())));
}
