import { readFile } from 'node:fs/promises';

/** The payload of the workflow's event; null where it cannot be read, which counts as nothing known about the event. */
export async function readPayload(path: string | null): Promise<unknown> {
  if (path === null) return null;
  try {
    const payload: unknown = JSON.parse(await readFile(path, 'utf8'));
    return payload;
  } catch {
    return null;
  }
}
