import { expect, test } from '@jest/globals';
import { readEnv } from '../../src/core/env.ts';
import { run } from '../../src/dolt/process.ts';

const env = { PATH: readEnv()['PATH'] ?? '' };
const sh = (script: string, options: Partial<Parameters<typeof run>[2]> = {}) =>
  run('/bin/sh', ['-c', script], { env, ...options });

if (process.platform !== 'win32') {
  test.each([
    ['a signal of the terminal', 'kill -INT $$', {}, 'interrupted'],
    ['a signal of the system', 'kill -KILL $$', {}, 'unknown'],
    ['the system, although its memory is watched', 'kill -KILL $$', { watch: () => () => null }, 'too-large'],
    ['its time limit', 'exec sleep 987', { timeoutMs: 50 }, 'unknown'],
    ['the limit of its output', 'exec yes', { maxOutputBytes: 1024 }, 'too-large'],
    ['the limit of its error output', 'exec yes >&2', { maxOutputBytes: 1024 }, 'too-large'],
  ])('a command that is ended by %s has no exit code', async (_, script, options, code) => {
    await expect(sh(script, options)).rejects.toMatchObject({ code });
  });

  test('the first bytes of a command that writes too much can be its result', async () => {
    const cut = await sh('yes', { maxOutputBytes: 1024, cutsOutput: true });
    expect(cut).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^(?:y\n)+y$/) });
  });

  test('a command ends even if a child process of it keeps its output open', async () => {
    const { exitCode, stdout } = await sh('sleep 987 & echo $!');
    process.kill(Number(stdout), 'SIGKILL');
    expect(exitCode).toBe(0);
  });

  test('an interrupted command ends even if a child process of it lives on', async () => {
    const interruption = new AbortController();
    const children: number[] = [];
    const running = sh('sleep 987 & echo $! >&2; wait', {
      signal: interruption.signal,
      onStderrLine: (line) => {
        children.push(Number(line));
        interruption.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'interrupted' });
    for (const pid of children) expect(process.kill(pid, 'SIGKILL')).toBe(true);
    expect(children).toHaveLength(1);
  });
}
