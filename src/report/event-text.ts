import type { PeerEvent } from '../core/logger.ts';
import { plain } from '../core/text.ts';

/** An event on one line: `partner: retrying (attempt 2 of 4, after network)`, `partner: pushed 2 commits`. */
export function eventText({ peer, step, detail }: PeerEvent): string {
  const text = plain(detail).trim();
  if (step === 'done' && text !== '') return `${plain(peer)}: ${text}`;
  return text === '' ? `${plain(peer)}: ${step}` : `${plain(peer)}: ${step} (${text})`;
}
