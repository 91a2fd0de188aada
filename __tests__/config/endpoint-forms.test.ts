import { describe, expect, test } from '@jest/globals';
import { parseEndpoint } from '../../src/config/endpoint/parse.ts';

const OPTIONS = { dolthubHost: 'doltremoteapi.dolthub.com', allowInsecure: false };

describe('the forms of an endpoint', () => {
  test.each([
    ['dolthub://Org/repo', 'dolthub', 'dolthub://Org/repo', 'https://doltremoteapi.dolthub.com/Org/repo'],
    ['gs://bucket/a/b', 'gs', 'gs://bucket/a/b', 'gs://bucket/a/b'],
    ['s3://bucket/p', 's3', 's3://bucket/p', 's3://bucket/p'],
    ['file:///srv/towns/hub', 'file', 'file:///srv/towns/hub', 'file:///srv/towns/hub'],
    ['https://Ex.COM:443/a/B', 'http', 'https://ex.com/a/B', 'https://Ex.COM:443/a/B'],
    ['https://h.example:8443/a', 'http', 'https://h.example:8443/a', 'https://h.example:8443/a'],
    ['https://me@h.example/a.git', 'git', 'https://h.example/a.git', 'https://me@h.example/a.git'],
    ['https://[::1]:8080/a', 'http', 'https://[::1]:8080/a', 'https://[::1]:8080/a'],
    ['http://127.0.0.1:50051/db', 'http', 'http://127.0.0.1:50051/db', 'http://127.0.0.1:50051/db'],
    ['http://[::1]/db', 'http', 'http://[::1]/db', 'http://[::1]/db'],
    ['http://localhost:80/db', 'http', 'http://localhost/db', 'http://localhost:80/db'],
    ['ssh://u@Host:22/srv/db', 'ssh', 'ssh://host/srv/db', 'ssh://u@Host:22/srv/db'],
    ['ssh://u@host/srv/db.git', 'git', 'ssh://host/srv/db.git', 'ssh://u@host/srv/db.git'],
    ['git@Host:org/repo.git', 'git', 'git+ssh://host/./org/repo.git', 'git+ssh://git@Host/./org/repo.git'],
    ['git@host:org/repo', 'git', 'git+ssh://host/./org/repo.git', 'git+ssh://git@host/./org/repo.git'],
    ['git@host:/srv/repo', 'git', 'git+ssh://host/srv/repo.git', 'git+ssh://git@host/srv/repo.git'],
    [
      'az://acc.blob.core.windows.net/c/p',
      'az',
      'az://acc.blob.core.windows.net/c/p',
      'az://acc.blob.core.windows.net/c/p',
    ],
    ['oci://bucket/p', 'oci', 'oci://bucket/p', 'oci://bucket/p'],
    ['aws://[table:bucket]/p', 'aws', 'aws://[table:bucket]/p', 'aws://[table:bucket]/p'],
    ['git+https://H/p', 'git', 'git+https://h/p', 'git+https://H/p'],
    ['git+ssh://git@h:2222/p', 'git', 'git+ssh://h:2222/p', 'git+ssh://git@h:2222/p'],
    ['git+file:///srv/p', 'git', 'git+file:///srv/p', 'git+file:///srv/p'],
    ['FILE:///srv/p', 'file', 'file:///srv/p', 'file:///srv/p'],
    ['https://h/a%2Egit', 'git', 'https://h/a.git', 'https://h/a.git'],
  ])('%s', (written, kind, canonical, dolt) => {
    expect(parseEndpoint(written, OPTIONS)).toMatchObject({ written, kind, canonical, dolt });
  });

  test('the query of s3 reaches Dolt, but is not part of the canonical form', () => {
    const written = 's3://b/p?endpoint=http://127.0.0.1:7070&region=eu&path-style=true';
    expect(parseEndpoint(written, OPTIONS)).toMatchObject({ canonical: 's3://b/p', dolt: written });
  });

  test('only a file endpoint has a folder, and it is decoded', () => {
    expect(parseEndpoint('file:///srv/%C3%A9t%C3%A9', OPTIONS)).toMatchObject({
      folder: '/srv/été',
      canonical: 'file:///srv/été',
      dolt: 'file:///srv/été',
    });
    expect(parseEndpoint('file:///srv/x.git', OPTIONS)).toMatchObject({ kind: 'git', folder: null });
    expect(parseEndpoint('gs://b/p', OPTIONS).folder).toBeNull();
  });

  test('DoltHub can have another host, and http can be allowed', () => {
    expect(parseEndpoint('dolthub://o/r', { ...OPTIONS, dolthubHost: 'localhost:4443' }).dolt).toBe(
      'https://localhost:4443/o/r',
    );
    expect(parseEndpoint('http://h.example/p', { ...OPTIONS, allowInsecure: true }).kind).toBe('http');
    const s3 = 's3://b/p?endpoint=http://h.example';
    expect(parseEndpoint(s3, { ...OPTIONS, allowInsecure: true }).dolt).toBe(s3);
  });
});
