import type { Outcome } from '../commands/outcome.ts';
import type { ConfigRequest, Request } from '../commands/request.ts';
import { withValues } from '../report/values.ts';

/** The value that `--json` prints: the result alone, with no more of the data than the request lets appear. */
export function resultJson(outcome: Outcome, request: Request): unknown {
  switch (outcome.command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return withValues(outcome.result, 'reportValues' in request ? request.reportValues : 'none');
    case 'add-peer':
    case 'remove-peer':
    case 'resolve':
    case 'list-peers':
    case 'doctor':
    case 'install':
      return outcome.result;
    case 'config':
      return asksForOne(request) ? (outcome.result[0] ?? null) : outcome.result;
    case 'demo':
      return { towns: outcome.towns };
  }
}

function asksForOne(request: Request): request is ConfigRequest {
  return request.command === 'config' && request.key !== null;
}
