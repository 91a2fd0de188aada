import { readdir, readFile } from 'node:fs/promises';

const INTERVAL_MS = 20;

/**
 * Measures the most memory of their own that a process and its children called `dolt` take; Linux only.
 * @param watched its id; absent: this process
 */
export async function watchMemory(watched = process.pid) {
  const most = { own: 0, dolt: 0 };
  const stopped = new AbortController();
  const look = async (): Promise<void> => {
    most.own = Math.max(most.own, memoryOf(await status(watched)));
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const text = await status(pid);
      if (text.startsWith('Name:\tdolt\n') && text.includes(`\nPPid:\t${watched}\n`))
        most.dolt = Math.max(most.dolt, memoryOf(text));
    }
  };
  await look();
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      await look();
      await new Promise((done) => setTimeout(done, INTERVAL_MS));
    }
  })();
  return {
    /** In MiB. */
    async stop() {
      stopped.abort();
      await looking;
      return { own: Math.round(most.own), dolt: Math.round(most.dolt) };
    },
  };
}

const status = async (pid: number | string): Promise<string> =>
  await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');

const memoryOf = (text: string): number => Number(/^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1024;
