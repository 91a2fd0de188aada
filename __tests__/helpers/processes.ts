import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 5;

/** The command lines of all processes of this machine, read repeatedly until the watch ends (Linux). */
export function watchCommandLines(): { end(): Promise<ReadonlySet<string>> } {
  const seen = new Set<string>();
  let watching = true;
  const look = async (): Promise<void> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    for (const line of lines) if (line !== '') seen.add(line.replaceAll('\0', ' '));
  };
  const watch = (async () => {
    while (watching) {
      await look();
      await pause(EVERY_MS);
    }
  })();
  return {
    async end() {
      watching = false;
      await watch;
      return seen;
    },
  };
}
