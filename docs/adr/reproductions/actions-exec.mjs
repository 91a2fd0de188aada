// @ts-check
/** `node docs/adr/reproductions/actions-exec.mjs`: what `@actions/exec` does with output, environment and a process tree. */
import { strictEqual } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { exec, getExecOutput } from '@actions/exec';

const NODE = process.execPath;

if (process.argv[2] === 'print') {
  process.env['LEAKED'] = 'secret';
  await exec(NODE, ['-e', '']);
  const { stdout } = await getExecOutput(NODE, ['-p', 'process.env.LEAKED'], { silent: true });
  console.log(`child sees ${stdout.trim()}`);
} else {
  const { stdout } = spawnSync(NODE, [import.meta.filename, 'print'], { encoding: 'utf8' });
  console.log(`standard output holds the command line: ${stdout.includes('[command]')}`);
  console.log(`a child without env sees all variables: ${stdout.includes('child sees secret')}`);

  // The caller gets a promise and no process: neither a signal nor a timeout ends the child or its children.
  const abort = new AbortController();
  const before = Date.now();
  const options = { silent: true, signal: abort.signal, timeout: 100 };
  const running = exec(NODE, ['-e', 'setTimeout(() => {}, 1500)'], options);
  await wait(100);
  abort.abort();
  strictEqual(await running, 0);
  console.log(`the child ran on after abort and timeout: ${Date.now() - before >= 1500}`);
}
