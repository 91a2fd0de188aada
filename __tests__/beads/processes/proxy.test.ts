import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { isRunning } from '../../../src/beads/processes/proxy.ts';
import { identityOf, isAlive } from '../../../src/core/processes.ts';

const { pid } = process;
const [, started, ...rest] = (identityOf(pid) ?? '').split('-');
const boot = rest.slice(0, 5).join('-');

test.each([
  ['that runs', { pid, birth: null }, true],
  ['that ended', { pid: 999_999_999, birth: null }, false],
  ['whose start is noted', { pid, birth: `linux-v1:${boot}:${started}` }, true],
  ['whose id another process has', { pid, birth: `linux-v1:${boot}:1` }, process.platform !== 'linux'],
  ['of an earlier start of the machine', { pid, birth: `linux-v1:${'0'.repeat(8)}${boot.slice(8)}:${started}` }, false],
  ['with a note that is not known', { pid, birth: 'windows-v9:7' }, true],
])('a proxy %s', (_, note, expected) => {
  if (process.platform === 'linux' || note.birth === null) expect(isRunning(note)).toBe(expected);
});

test('a process that ended counts as ended, also if its parent never asks how', async () => {
  if (process.platform !== 'linux') return;
  const script = 'exec 3<&0; read _ <&3 & echo $!; exec sleep 600';
  const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const [line] = await once(parent.stdout, 'data');
    const child = Number(String(line));
    // A shell may ask how its child ended; sleep never does.
    while (!readFileSync(`/proc/${parent.pid}/comm`, 'utf8').startsWith('sleep')) await setImmediate();
    parent.stdin.end();
    while (isAlive(child)) await setImmediate();
    // The system still has it.
    expect([process.kill(child, 0), identityOf(child)]).toEqual([true, expect.any(String)]);
  } finally {
    parent.kill('SIGKILL');
  }
});
