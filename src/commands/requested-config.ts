import type { ReadOption } from '../contract/option-value.ts';
import type { ConfigOverrides } from './request.ts';

/** What the user set above file and environment, whichever face was asked. */
export function requestedConfig(read: ReadOption): ConfigOverrides {
  return {
    config: read('config'),
    peers: read('peers'),
    syncMode: read('sync-mode'),
    remote: read('remote'),
    sovereignty: read('sovereignty'),
    conflictStrategy: read('conflict-strategy'),
    dirty: read('dirty'),
    allowInsecure: read('allow-insecure'),
    dolthubHost: read('dolthub-host'),
  };
}
