import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errorMessage, Failure } from '../core/failure.ts';
import { askFollowing } from './http.ts';
import type { Unreachable } from './network-failure.ts';

interface Download {
  readonly url: string;
  /** Where it is written to; must not exist. */
  readonly file: string;
  readonly sha256: string;
  readonly signal: AbortSignal;
}

const ATTEMPTS = 3;

/**
 * Downloads a file that must have a known digest; anything else is deleted.
 * @returns undefined when it is there, or that the host cannot be reached at all
 * @throws Failure `dolt-digest-mismatch`, `dolt-version-unknown` (404), `dolt-download-failed` or `interrupted`
 */
export async function download({ url, file, sha256, signal }: Download): Promise<Unreachable | undefined> {
  const actual = await fetchInto({ url, file, signal });
  if (typeof actual !== 'string') return actual;
  if (actual === sha256) return undefined;
  await rm(file, { force: true });
  throw new Failure('dolt-digest-mismatch', `${url} has the SHA-256 ${actual}, not ${sha256}; it was deleted`);
}

/** Writes the body to the file and gives back its digest; a connection that breaks is tried again. */
async function fetchInto({ url, file, signal }: Omit<Download, 'sha256'>): Promise<string | Unreachable> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await askFollowing({ url, signal });
    if (answer.kind === 'unreachable') return answer;
    if (answer.status !== 200) {
      answer.body.destroy();
      const code = answer.status === 404 ? 'dolt-version-unknown' : 'dolt-download-failed';
      throw new Failure(code, `${url} answered ${answer.status}`);
    }
    const hash = createHash('sha256');
    try {
      const hashed = async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          hash.update(chunk);
          yield chunk;
        }
      };
      await pipeline(answer.body, hashed, createWriteStream(file, { flags: 'wx' }), { signal });
      return hash.digest('hex');
    } catch (thrown) {
      await rm(file, { force: true });
      if (signal.aborted) throw new Failure('interrupted', 'The download of Dolt was interrupted', { cause: thrown });
      if (attempt < ATTEMPTS) continue;
      throw new Failure('dolt-download-failed', `${url} broke off ${ATTEMPTS} times: ${errorMessage(thrown)}`);
    }
  }
}
