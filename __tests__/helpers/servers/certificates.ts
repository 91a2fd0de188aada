import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { madeOnce } from '../templates.ts';
import { serverProgram } from './server-program.ts';

/** A certificate for `localhost`, `peer.example` and 127.0.0.1, and the authority that signed it: PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The certificate of a server, and the name that it is reached by. */
export interface ServerTls extends Pick<Certificates, 'cert' | 'key'> {
  readonly host: string;
}

/** Makes an authority and a certificate of its own, below a folder, or copies those of another test of this file. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const cwd = await mkdtemp(join(folder, 'tls-'));
  await madeOnce('certificates', [cwd], () => makeIn(cwd));
  return { ca: join(cwd, 'ca.pem'), cert: join(cwd, 'server.pem'), key: join(cwd, 'server.key') };
}

async function makeIn(cwd: string): Promise<void> {
  const openssl = (...args: string[]) => execa(serverProgram('OPENSSL'), args, { cwd });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA');
  await openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  await writeFile(join(cwd, 'names'), 'subjectAltName=DNS:localhost,DNS:peer.example,IP:127.0.0.1\n');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  await openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', ...signed);
}
