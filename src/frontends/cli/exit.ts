import { closeSync, fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { ExitCode } from '../../contract/exit-codes.ts';

const STANDARD_STREAMS = [0, 1, 2] as const;

/**
 * Ends the process. Node (20.20.2) resets the terminal that it began with, and aborts if that is gone (EIO). It leaves a
 * closed stream alone. A terminal that is gone is a device and no terminal.
 */
export function exit(code: ExitCode): never {
  for (const stream of STANDARD_STREAMS)
    if (fstatSync(stream).isCharacterDevice() && !isatty(stream)) closeSync(stream);
  process.exit(code);
}
