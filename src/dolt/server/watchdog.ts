import { existsSync } from 'node:fs';
import { startServer } from '../process.ts';
import type { GuardedPath } from './guarded-files.ts';
import { ENGINE_MARK, ORDERLY_MS, POLL_MS } from './processes.ts';

/** A server may take this long to stop before it is killed. */
const GRACE_MS = 5_000;

/**
 * A shell waits until the standard input closes, and becomes Node only if there is something to clean up: starting Node
 * takes as long as starting the engine, and an idle Node takes 40 MB. It ignores the signals that the group may get.
 */
const SHELL = '/bin/sh';
const WAIT = `trap '' INT TERM; read -r word; [ "$word" = done ] || exec "$0" -e "$1" "$2"`;

/**
 * Runs in a separate process. Its standard input is a pipe from us that closes only when we end, for any reason. Then
 * it ends the server and its descendants, removes their folders and the server's file, and restores file modes. After
 * `done`, it does nothing.
 */
const SCRIPT = `
const { chmodSync, readdirSync, readFileSync, rmSync, statSync } = require('node:fs');
const { pid, folders, note, guarded } = JSON.parse(process.argv[1]);
const quietly = (work) => { try { work(); } catch {} };
const removeNote = () => { if (readFileSync(note, 'utf8').startsWith(pid + ':')) rmSync(note, { force: true }); };
const restore = ({ path, mode, record }) => {
  if (!record) return chmodSync(path, statSync(path).mode & mode);
  if (readFileSync(record.file, 'utf8') !== record.text) return;
  chmodSync(path, mode);
  rmSync(record.file, { force: true });
};
const signal = (id, name) => { try { process.kill(id, name); return true; } catch { return false; } };
const environment = (id) => { try { return readFileSync('/proc/' + id + '/environ', 'latin1'); } catch { return ''; } };
const marked = () => process.platform !== 'linux' ? [] : readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))
  .filter((id) => environment(id).split('\\0').includes('${ENGINE_MARK}=' + folders[0])).map(Number);
const cleanUp = () => {
  for (const id of marked()) signal(id, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  quietly(removeNote);
  for (const one of guarded) quietly(() => restore(one));
};
const endAll = (listed, then) => {
  const began = performance.now();
  const asked = new Set();
  const step = () => {
    const alive = listed();
    const isLate = performance.now() - began >= ${ORDERLY_MS};
    if (isLate) for (const id of alive) signal(id, 'SIGKILL');
    if (isLate || alive.length === 0) return then();
    for (const id of alive) if (!asked.has(id)) signal(id, 'SIGTERM');
    for (const id of alive) asked.add(id);
    setTimeout(step, ${POLL_MS});
  };
  step();
};
const endServer = () => {
  const started = performance.now();
  let alive = signal(pid, 'SIGTERM');
  const timer = setInterval(() => {
    alive = signal(pid, 0);
    if (alive && performance.now() - started > ${GRACE_MS}) signal(pid, 'SIGKILL');
    if (alive && performance.now() - started < ${2 * GRACE_MS}) return;
    clearInterval(timer);
    endAll(marked, cleanUp);
  }, 50);
};
let received = '';
process.stdin.on('data', (chunk) => { received += chunk; });
process.stdin.on('end', () => {
  if (received === 'done') return;
  // git first, and until it has ended: a server that ends kills it.
  endAll(() => marked().filter((id) => id !== pid), endServer);
});
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
`;

export interface Watchdog {
  /** Ends the watch; call it when the server has ended and its folder is removed. */
  dismiss(): Promise<void>;
}

/** The resources to clean up after a server. */
interface Watched {
  /** Process id of the server. */
  readonly pid: number;
  /** Folders to remove; the first is the server's private folder, which also marks its processes. */
  readonly folders: readonly [string, ...string[]];
  /** The file that the server keeps beside the data. */
  readonly note: string;
  readonly guarded: readonly GuardedPath[];
}

/**
 * Cleans up after a server if this process is killed and cannot stop it: Node has no parent-death signal.
 * @param env without the mark
 */
export function watch(watched: Watched, env: Readonly<Record<string, string>>): Watchdog {
  const node = process.execPath;
  const script = [SCRIPT, JSON.stringify(watched)];
  const [program, ...words] =
    process.platform !== 'win32' && existsSync(SHELL)
      ? ([SHELL, '-c', WAIT, node, ...script] as const)
      : ([node, '-e', ...script] as const);
  const child = startServer(program, words, { env, cwd: '/', detached: true });
  child.stdin.on('error', () => undefined);
  child.all.resume();
  child.unref();
  return {
    async dismiss() {
      // Nothing else may keep the event loop alive until it has ended.
      child.ref();
      child.stdin.end('done');
      await child;
    },
  };
}
