import { once } from 'node:events';
import { expect } from '@jest/globals';
import { execa } from 'execa';

/** A process that locks a file or folder as maintenance of bd does, until its input ends: flock(1) of Linux, or Perl, which macOS has. */
export async function holdExclusively(file: string): Promise<() => Promise<void>> {
  const code =
    'open(F, -d $ARGV[0] ? "<" : "+>>", $ARGV[0]); flock(F, LOCK_EX | LOCK_NB) or exit 1; $| = 1; print "held\\n"; <STDIN>';
  const options = { stdin: 'pipe', reject: false } as const;
  const holder =
    process.platform === 'linux'
      ? execa('flock', ['--nonblock', '--no-fork', file, 'sh', '-c', 'echo held; read line'], options)
      : execa('perl', ['-MFcntl=:flock', '-e', code, file], options);
  await Promise.race([once(holder.stdout, 'data'), holder]);
  expect(holder.exitCode).toBeNull();
  return async () => {
    holder.stdin.end();
    await holder;
  };
}
