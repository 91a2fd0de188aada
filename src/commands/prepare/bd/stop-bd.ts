import { dirname } from 'node:path';
import type { Configuration } from '../../../config/configuration.ts';
import type { Env } from '../../../core/env.ts';
import { Failure, toFailure } from '../../../core/failure.ts';
import { plain, shorten } from '../../../core/text.ts';
import { run } from '../../../dolt/process.ts';
import type { Context } from '../../context.ts';
import type { Found } from '../locate-database.ts';
import type { Serving } from '../served/served-by.ts';

/** bd waits for the end of its server. */
const STOP_MS = 60_000;
const MAX_OUTPUT = 500;

/**
 * Lets bd stop its own server, which holds the database. No process is ended here: bd knows which ones are its own.
 * @param serving the server that holds the database
 * @throws Failure `database-in-use` if it is not a server of bd, or bd does not stop it
 */
export async function stopBd(
  found: Found,
  serving: Serving,
  { server }: Pick<Configuration, 'server'>,
  { env, log, signal }: Pick<Context, 'env' | 'log' | 'signal'>,
): Promise<void> {
  const bd = found.kind === 'database' ? found.bd : null;
  const workspace = bd?.guarded[0];
  if (server.value !== null || serving.path === null || workspace === undefined) {
    throw refused('the server that holds the database was not started by bd on this machine');
  }
  // bd must use the workspace that this run found.
  const ended = await run('bd', ['dolt', 'stop'], {
    env: { ...bdVariables(env), BEADS_DIR: workspace },
    cwd: dirname(workspace),
    timeoutMs: STOP_MS,
    signal,
  }).catch((thrown: unknown) => {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
    throw refused('`bd dolt stop` did not start, or did not end within 60 s', failure);
  });
  const output = plain(shorten(`${ended.stderr}${ended.stdout}`.trim(), MAX_OUTPUT));
  if (ended.exitCode !== 0) throw refused(`\`bd dolt stop\` ended with exit code ${ended.exitCode}: ${output}`);
  if (bd?.mode === 'shared-server') {
    // Measured with bd 1.3.0: the server of one workspace is started by any command.
    log.warning('bd stopped its shared server; start it again with `bd dolt start`, which no other command does');
  } else log.info('bd stopped its server; its next command starts it again');
}

/** Programs, folders and the language; and the variables of bd itself. */
const FOR_BD =
  /^(?:PATH|HOME|USERPROFILE|TMPDIR|TMP|TEMP|SYSTEMROOT|COMSPEC|LANG|LC_ALL|XDG_[A-Z_]+|(?:BD|BEADS)_\w+)$/i;

function bdVariables(env: Env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => FOR_BD.test(name)));
}

function refused(why: string, cause?: Failure): Failure {
  return new Failure('database-in-use', `\`--stop-bd\` did not stop the server: ${why}`, {
    hint: 'Leave out `--stop-bd`: the run then works through the server. Or stop the server during the run.',
    cause,
  });
}
