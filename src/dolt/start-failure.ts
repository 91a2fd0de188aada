import type { ErrorCode } from '../contract/error-codes.ts';
import { Failure } from '../core/failure.ts';
import { classify } from './failure-text.ts';
import type { StartOutcome } from './server-ready.ts';

/**
 * What a start that did not succeed means.
 * @returns `port-in-use` where another port may be tried, else the Failure to throw
 */
export function startFailure(
  outcome: StartOutcome,
  seen: { readonly log: string; readonly database: string },
): Failure | 'port-in-use' {
  switch (outcome.kind) {
    case 'interrupted':
      return new Failure('interrupted', 'the run was interrupted while the Dolt server started');
    case 'too-slow':
      return new Failure(
        'engine-start',
        `the Dolt server did not answer within ${outcome.afterMs} ms:\n${seen.log.trim()}`,
      );
    case 'ready':
      return new Failure('engine-start', 'the Dolt server was ready but is not used');
    case 'ended': {
      const code = classify(seen.log);
      if (code === 'port-in-use') return code;
      if (code === 'locked') return new Failure(code, `another process holds ${seen.database}`);
      if (code === 'locks-unsupported') return told(code, seen);
      if (code === 'client-too-old' || code === 'corrupt' || code === 'disk-full') return told(code, seen);
      if (code === 'read-only' || code === 'auth') return told('database-read-only', seen);
      return new Failure(
        'engine-start',
        `the Dolt server ended with exit code ${outcome.exitCode ?? 'none'} for ${seen.database}:\n${seen.log.trim()}`,
      );
    }
  }
}

function told(code: ErrorCode, seen: { readonly log: string; readonly database: string }): Failure {
  return new Failure(code, `${seen.database} cannot be opened:\n${seen.log.trim()}`);
}
