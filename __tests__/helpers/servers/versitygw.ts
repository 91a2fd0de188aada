import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { startServerProcess } from './server-process.ts';
import { serverProgram } from './server-program.ts';

/** An S3 server with one bucket. */
export interface Versitygw extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  log(): string;
}

/** @param domain host below which each bucket is one, too; absent: buckets are in the path only */
export async function startVersitygw(folder: string, domain?: string): Promise<Versitygw> {
  const cwd = await mkdtemp(join(folder, 'versitygw-'));
  const bucket = 'a-bucket';
  await mkdir(join(cwd, 'data', bucket), { recursive: true });
  const accessKey = 'an-access-key';
  const secretKey = 'a-secret-key-of-s3';
  const server = await startServerProcess({
    command: serverProgram('VERSITYGW'),
    ports: ['s3'],
    args: ({ s3 }) => {
      const buckets = domain === undefined ? [] : ['--virtual-domain', `${domain}:${s3}`];
      return ['--port', `127.0.0.1:${s3}`, ...buckets, 'posix', join(cwd, 'data')];
    },
    cwd,
    env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
  });
  const endpoint = `http://127.0.0.1:${server.port.s3}`;
  return { ...server, endpoint, bucket, region: 'us-east-1', accessKey, secretKey };
}
