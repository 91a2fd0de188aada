import { exitCodeOf } from '../commands/exit-code.ts';
import type { Outcome } from '../commands/outcome.ts';
import type { Request } from '../commands/request.ts';
import { EXIT, type ExitCode } from '../contract/exit-codes.ts';

/** The exit code of a command that gave a result. A demo is as good as its worst town. */
export function exitCodeOfOutcome(outcome: Outcome, request: Request): ExitCode {
  switch (outcome.command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return exitCodeOf(outcome.result, 'failOn' in request ? request.failOn : 'any');
    case 'demo':
      return outcome.towns.map((town) => exitCodeOf(town.result, 'any')).find((code) => code !== EXIT.ok) ?? EXIT.ok;
    case 'doctor':
      return outcome.result.status === 'ok' ? EXIT.ok : EXIT.failed;
    case 'add-peer':
    case 'remove-peer':
    case 'resolve':
    case 'list-peers':
    case 'config':
    case 'install':
      return EXIT.ok;
  }
}
