import { readSmall } from '../core/read-small.ts';

/** GitHub sends no webhook payload over 25 MB. */
const MAX_BYTES = 32 * 1024 * 1024;

/** The payload of the workflow's event; null where it cannot be read, which counts as nothing known about the event. */
export async function readPayload(path: string | null): Promise<unknown> {
  if (path === null) return null;
  try {
    const found = await readSmall(path, MAX_BYTES);
    const payload: unknown = found.kind === 'read' ? JSON.parse(found.bytes.toString('utf8')) : null;
    return payload;
  } catch {
    return null;
  }
}
