import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../core/failure.ts';
import { run } from '../process.ts';

/**
 * Every process of an engine inherits this variable, git and ssh included. Dolt starts git in a session of its own
 * (utils/gitauth, since 1.86.4) and a child whose parent has ended belongs to init, so neither the process group nor the
 * tree finds them all.
 */
export const ENGINE_MARK = 'DOLT_FEDERATION_ENGINE';

const TIMEOUT_MS = 5_000;

/** A process, and its parent. */
interface Descendants {
  readonly pid: number;
  readonly parent: number;
}

/** Ends what an engine started; to be called once the engine itself has ended. */
type EndKin = () => Promise<void>;

/**
 * Prepares to end what an engine started, and is to be asked while the engine still lives: afterwards its children belong
 * to somebody else. On Windows, where nothing ends in order anyway, the engine ends here and takes them along.
 * @param engine process id of the engine, and the value of its mark
 */
export async function descendantsOf(engine: { readonly pid: number; readonly mark: string }): Promise<EndKin> {
  if (process.platform === 'linux') return async () => killAll(await marked(engine.mark));
  if (process.platform === 'win32') {
    await run('taskkill', ['/T', '/F', '/PID', String(engine.pid)], { env: {}, timeoutMs: TIMEOUT_MS });
    return async () => undefined;
  }
  const descendants = below(engine.pid, await listed()).filter((pid) => pid !== engine.pid);
  return async () => killAll(descendants);
}

/** Kills processes that may have ended already. */
function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (thrown) {
      if (systemCode(thrown) !== 'ESRCH') throw thrown;
    }
  }
}

async function marked(mark: string): Promise<number[]> {
  const wanted = `${ENGINE_MARK}=${mark}`;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(join('/proc', pid, 'environ'), 'latin1').catch(() => '');
      return environment.split('\0').includes(wanted) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

async function listed(): Promise<Descendants[]> {
  const options = { env: { PATH: '/bin:/usr/bin' }, timeoutMs: TIMEOUT_MS };
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid='], options);
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return pid === undefined || parent === undefined ? [] : [{ pid, parent }];
  });
}

/** A process and all below it. */
export function below(pid: number, processes: readonly Descendants[]): number[] {
  const children = processes.filter(({ parent }) => parent === pid);
  return [pid, ...children.flatMap((child) => below(child.pid, processes))];
}
