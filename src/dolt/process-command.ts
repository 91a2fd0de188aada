import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from '../core/env.ts';
import { run } from './process.ts';

const TIMEOUT_MS = 10_000;

/** The command line of a living process; null where there is no such process, or it cannot be looked at. */
export async function processCommand(pid: number, env: Env): Promise<string | null> {
  const asked = process.platform === 'linux' ? fromProc(pid) : fromTool(pid, env);
  const command = await asked.catch(() => '');
  return command.trim() === '' ? null : command;
}

async function fromProc(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
}

async function fromTool(pid: number, env: Env): Promise<string> {
  if (process.platform !== 'win32') {
    const options = { env: { PATH: env['PATH'] ?? '/usr/bin:/bin' }, timeoutMs: TIMEOUT_MS };
    return (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)], options)).stdout;
  }
  const root = env['SystemRoot'] ?? 'C:\\Windows';
  const powershell = join(root, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  const query = `(Get-CimInstance Win32_Process -Filter 'ProcessId = ${pid}').CommandLine`;
  const options = { env: { SystemRoot: root }, timeoutMs: TIMEOUT_MS };
  return (await run(powershell, ['-NoProfile', '-Command', query], options)).stdout;
}
