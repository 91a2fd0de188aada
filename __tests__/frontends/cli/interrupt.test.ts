import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CompiledCli, compileCli } from '../../helpers/compiled-cli.ts';

let cli: CompiledCli;
beforeAll(async () => {
  cli = await compileCli();
});
afterAll(() => cli.dispose());

/** A mirror of Dolt's releases that takes requests and never answers. */
async function silentMirror() {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked: once(server, 'request'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('%s ends a running command cleanly with exit code %i', async (signal, exitCode) => {
    await using mirror = await silentMirror();
    const digest = '0'.repeat(64);
    const args = ['install', '--json', '--dolt-version', '9.8.7', '--dolt-sha256', digest, '--dolt-mirror', mirror.url];
    const child = cli.run(args, { env: { PATH: '/nowhere' } });
    // The test must not hang if a command ends before its question.
    await Promise.race([mirror.asked, child]);
    child.kill(signal);
    const result = await child;
    expect(result.exitCode).toBe(exitCode);
    expect(JSON.parse(String(result.stdout))).toMatchObject({ error: { code: 'interrupted' } });
  });

  test('aborts the first time, and ends the process at once the second time with its own code', async () => {
    const child = cli.script(`
      const { listenForInterrupt } = await import(${JSON.stringify(cli.compiled('frontends/cli/interrupt'))});
      const interrupt = listenForInterrupt({
        onFirst: (signal) => console.log('first ' + signal),
        onSecond: (code) => process.exit(code),
      });
      interrupt.signal.addEventListener('abort', () => {
        console.log(interrupt.signal.reason.code, interrupt.code());
        process.kill(process.pid, 'SIGTERM');
      });
      setInterval(() => undefined, 1000);
      process.kill(process.pid, 'SIGINT');
    `);
    expect(await child).toMatchObject({ exitCode: 143, stdout: 'interrupted 130\nfirst SIGINT\n' });
  });

  test('gets its default action back when the handler is released', async () => {
    const child = cli.script(`
      const { listenForInterrupt } = await import(${JSON.stringify(cli.compiled('frontends/cli/interrupt'))});
      listenForInterrupt({ onFirst: () => undefined, onSecond: () => undefined }).release();
      setInterval(() => undefined, 1000);
      process.kill(process.pid, 'SIGTERM');
    `);
    expect(await child).toMatchObject({ signal: 'SIGTERM' });
  });
});
