import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { startServerProcess } from './server-process.ts';
import { serverProgram } from './server-program.ts';

/** A Google Cloud Storage server with one bucket. It needs no credentials. */
export interface FakeGcs extends AsyncDisposable {
  /** The value of STORAGE_EMULATOR_HOST. */
  readonly host: string;
  readonly bucket: string;
  log(): string;
}

/** @param name by which clients reach it; the address that it listens at is always 127.0.0.1 */
export async function startFakeGcs(folder: string, name = '127.0.0.1'): Promise<FakeGcs> {
  const cwd = await mkdtemp(join(folder, 'gcs-'));
  const server = await startServerProcess({
    command: serverProgram('FAKE_GCS_SERVER'),
    ports: ['http'],
    args: ({ http }) => {
      const place = ['-scheme', 'http', '-host', '127.0.0.1', '-port', `${http}`, '-public-host', `${name}:${http}`];
      return [...place, '-filesystem-root', join(cwd, 'data')];
    },
    cwd,
  });
  const host = `127.0.0.1:${server.port.http}`;
  const bucket = 'a-bucket';
  const answer = await fetch(`http://${host}/storage/v1/b?project=a-project`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: bucket }),
  });
  if (!answer.ok) {
    await server[Symbol.asyncDispose]();
    throw new Error(`fake-gcs-server made no bucket: ${await answer.text()}`);
  }
  return { ...server, host: `${name}:${server.port.http}`, bucket };
}
