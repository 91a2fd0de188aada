import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { classify, classifyOfRows, decidingLine, GRPC_STATUSES, TEXTS } from '../../src/dolt/failure-text.ts';

describe('the class of an error text', () => {
  test.each([
    ['! [rejected]            main -> main (non-fast-forward)', 'non-fast-forward'],
    ['unknown push error; no common ancestor', 'unrelated'],
    ["fetch failed: no branches found in remote 'p'", 'remote-empty'],
    ["fetch failed: invalid ref spec: 'nobranch'", 'branch-missing'],
    ['Port 33999 already in use.', 'port-in-use'],
    [
      'Starting server with Config HP="127.0.0.1:3999"|T="1"\nlisten tcp 127.0.0.1:3999: bind: address already in use',
      'port-in-use',
    ],
    ['database "a" is locked by another dolt process; either clone the database', 'locked'],
    ['dial tcp 127.0.0.1:9: connect: connection refused', 'network'],
    ["unknown url scheme: 's3'", 'unsupported-endpoint'],
    ['rpc error: code = Unauthenticated desc = Access denied', 'auth'],
    ['error: local changes would be stomped by merge:\n\titems', 'uncommitted-changes'],
    [
      'failed to update table; malformed database: chunk 00000000000000000000000000000000 required but not found',
      'uncommitted-changes',
    ],
    ["unknown remote; 'nop' does not appear to be a dolt database", 'not-found'],
    ['unknown push error; shallow repository missing chunks to complete push', 'shallow-clone'],
    ['Commit not found. You are using a shallow clone which does not contain the requested commit.', 'shallow-clone'],
    ['Unexpected Ghost Commit', 'shallow-clone'],
    ['error: cannot merge because table items has different primary keys', 'schema-conflict'],
    ['error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly: CANCEL (err 8)', 'network'],
    ['error: RPC failed; curl 22 The requested URL returned error: 403', 'auth'],
    ["fatal: unable to access 'https://h/r.git/': Recv failure: Connection was reset", 'network'],
    ["fatal: unable to access 'https://h/r.git/': GnuTLS recv error (-54): Error in the pull function.", 'network'],
    ["fatal: unable to access 'https://h/r.git/': OpenSSL SSL_read: SSL_ERROR_SYSCALL, errno 0", 'network'],
    ['ssh: connect to host h port 22: Connection timed out\nfatal: Could not read from remote repository.', 'network'],
    ['Connection closed by 192.0.2.1 port 22\nfatal: Could not read from remote repository.', 'network'],
    ['git@h: Permission denied (publickey).\nConnection closed by 192.0.2.1 port 22', 'auth'],
    ['dial tcp 192.0.2.1:443: connect: network is unreachable', 'network'],
    ['dial tcp 192.0.2.1:443: connect: operation not permitted', 'network'],
    ['dial tcp 192.0.2.1:443: connect: permission denied', 'network'],
    ['dial tcp 192.0.2.1:443: socket: operation not permitted', 'network'],
    [
      'dial tcp: lookup h on 192.0.2.1:53: write udp 192.0.2.2:999->192.0.2.1:53: write: operation not permitted',
      'network',
    ],
    [
      'ssh: connect to host h port 22: Operation not permitted\nfatal: Could not read from remote repository.',
      'network',
    ],
    ['ssh: connect to host ::1 port 22: Permission denied', 'network'],
    ["fatal: unable to access 'https://h/r/': Failed to connect to h port 443: Operation not permitted", 'network'],
    ['Failed to connect to h port 443 after 0 ms: Operation not permitted', 'network'],
    [
      'dial tcp 192.0.2.1:443: connectex: An attempt was made to access a socket in a way forbidden by its access permissions.',
      'network',
    ],
    ['write /srv/box/manifest: operation not permitted', 'auth'],
    ['open C:\\box\\LOCK: Access is denied.', 'auth'],
    // Programs of this machine, not files of a remote.
    ['fork/exec /usr/bin/git: operation not permitted', 'program-missing'],
    ['clone failed; fork/exec C:\\git.exe: permission denied', 'program-missing'],
    ['fork/exec /usr/bin/git: exec format error', 'program-missing'],
    ['exec: "/usr/bin/git": permission denied', 'program-missing'],
    ["fatal: cannot exec '/usr/bin/ssh': Permission denied\nfatal: unable to fork", 'program-missing'],
    ['error: cannot run /x/ssh: No such file or directory\nfatal: unable to fork', 'program-missing'],
    ['remote: error: cannot run hooks/update: No such file or directory\n! main (hook declined)', 'push-protection'],
    ['fork/exec /usr/bin/git: resource temporarily unavailable', 'unknown'],
    ['dial tcp: lookup h on 192.0.2.1:53: Temporary failure in name resolution', 'network'],
    ['Get "https://h/": net/http: TLS handshake timeout', 'network'],
    ['error: git-remote-https died of signal 9', 'too-large'],
    // Other words of a git host say more than its answer.
    [
      "fatal: Authentication failed for 'https://h/x'\nfatal: unable to access 'https://h/x': The requested URL returned error: 400",
      'auth',
    ],
    [
      'remote: error: GH013: Repository rule violations found for refs/heads/main.\nerror: RPC failed; HTTP 422 curl 22 The requested URL returned error: 422\nsend-pack: unexpected disconnect while reading sideband packet\nEverything up-to-date',
      'push-protection',
    ],
    [
      'remote: fatal: write error: No space left on device\nerror: RPC failed; HTTP 400 curl 22 The requested URL returned error: 400',
      'disk-full',
    ],
    [
      'error: RPC failed; HTTP 422 curl 22 The requested URL returned error: 422\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\nEverything up-to-date',
      'not-found',
    ],
    // git at the other side speaks of damage after any end of a process of its own.
    [
      'error: git upload-pack: git-pack-objects died of signal 9\nremote: aborting due to possible repository corruption on the remote side.\nfatal: protocol error: bad pack header',
      'too-large',
    ],
    [
      'remote: fatal: Out of memory, malloc failed (tried to allocate 9 bytes)\nremote: aborting due to possible repository corruption on the remote side.\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output',
      'network',
    ],
    [
      'remote: fatal: Out of memory, malloc failed (tried to allocate 9 bytes)\nremote: aborting due to possible repository corruption on the remote side.\nfatal: protocol error: bad pack header',
      'network',
    ],
    ["fatal: Unable to create '/x/index.lock': File exists.", 'contention'],
    ['error: could not lock config file /x/config: File exists', 'contention'],
    ['error: could not lock config file /x/config: Permission denied', 'auth'],
    ['EOF', 'corrupt'],
    ['read /srv/box/manifest: is a directory', 'corrupt'],
    ['operation not valid on a file', 'corrupt'],
    ['stat /srv/box/oldgen: too many levels of symbolic links', 'corrupt'],
    ['readat /srv/box/0123456789abcdefghijklmnopqrstuv: negative offset', 'corrupt'],
    ['Could not parse lock hash: x', 'corrupt'],
    ['strconv.ParseUint: parsing "-1": invalid syntax', 'corrupt'],
    ['Error 1105 (HY000): EOF', 'corrupt'],
    ['Post "https://h/x": EOF', 'network'],
    ['Get "https://h/x": http2: server sent GOAWAY and closed the connection; LastStreamID=1', 'network'],
    ['Get "https://h/x": http: server closed idle connection', 'network'],
    ['Get "https://h/x": stream error: stream ID 1; INTERNAL_ERROR; received from peer', 'network'],
    ["failed to read from the db: root hash doesn't exist: ug4m6ts6nt338724b3mor1k712trl03n", 'corrupt'],
    ['failed to get all chunks.', 'corrupt'],
    ['fetch failed: PullChunkFetcher: Get on closed Fetcher.', 'corrupt'],
    ['snappy: corrupt input', 'corrupt'],
    ['tag not found', 'corrupt'],
    ['target commit not found', 'corrupt'],
    ['value is not a commit', 'corrupt'],
    ['panic recovered: runtime error: index out of range [1] with length 1: goroutine 1 [running]', 'corrupt'],
    ['panic recovered: interface conversion: interface {} is *val.ByteArray, not []uint8: x', 'dolt-defect'],
    ['table ref is unexpected noms value; GetFileID == STRT', 'corrupt'],
    ['unexpected file ID for commit closure, expected CMCL, found ADRM', 'corrupt'],
    ["Error 1366 (HY000): Incorrect string value: '\\xFF' for column 'a' at row 0", 'dolt-defect'],
    ['unsupported SerialMessage message with FileID: ABCD', 'client-too-old'],
    ['table has unknown fields', 'client-too-old'],
    ['Corrupted MAC on input.\nssh_dispatch_run_fatal: message authentication code incorrect', 'network'],
    ['Unable to negotiate with 192.0.2.1 port 22: no matching key exchange method found.', 'network'],
    ['fatal: pack is corrupted (SHA1 mismatch)\nfatal: fetch-pack: invalid index-pack output', 'corrupt'],
    ['stat /mnt/box: no such file or directory', 'folder-missing'],
    [
      "failed to get remote db; the remote: p 'file:///mnt/box' could not be accessed; stat /mnt/box: no such file or directory",
      'folder-missing',
    ],
    ['sh: 1: stat /mnt/box: no such file or directory', 'unknown'],
    ['refs/x^{commit}: expected commit type, but the object dereferences to blob type', 'not-a-remote'],
    [
      'error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403\nsend-pack: unexpected disconnect while reading sideband packet\nEverything up-to-date',
      'auth',
    ],
    ['@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@', 'untrusted-host'],
    ['No ED25519 host key is known for [127.0.0.1]:22 and you have requested strict checking.', 'untrusted-host'],
    ['Received disconnect from h port 22:2: Too many authentication failures\nConnection closed by h port 22', 'auth'],
    ['error reading server preface: read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer', 'network'],
    [
      'rpc error: code = Unavailable desc = connection error: desc = "error reading server preface: read tcp 127.0.0.1:1->127.0.0.1:2: use of closed network connection"',
      'connect-timeout',
    ],
    // The answer for a table file over HTTP, as Dolt's remotestorage words it.
    ['HTTP GET for remote table file failed: status code: 503;\nurl: http://h/x\n\nbody:\n\ndown', 'network'],
    ['HTTP GET for remote table file failed: status code: 404;\nurl: http://h/x\n\nbody:\n\n', 'missing-table-file'],
    ['HTTP GET for remote table file failed: status code: 403;\nurl: http://h/x\n\nbody:\n\n', 'network'],
    // The same for Dolt's own server.
    ['failed to read from the db: http status: 503', 'network'],
    ['failed to read from the db: http status: 403', 'network'],
    ['failed to read from the db: http status: 404', 'missing-table-file'],
    ['error: http 503: no', 'network'],
    ['error: http 403: no', 'auth'],
    ['error: http 403', 'auth'],
    ['error: http 413: no', 'too-large'],
    ['error: http 418: no', 'not-found'],
    ['error: http 418', 'not-found'],
    ['error: http 507', 'network'],
    ['unknown push error; unexpected upload location count', 'network'],
    ['unknown push error; update table files failed', 'network'],
    ['rpc error: code = Unknown desc = manifest update error', 'missing-table-file'],
    ['head value is nil for address 0123456789abcdefghijklmnopqrstuv', 'corrupt'],
    ['rpc error: code = Internal desc = xyz', 'network'],
    [
      'clone failed; rpc error: code = Canceled desc = stream terminated by RST_STREAM with error code: CANCEL',
      'network',
    ],
    [
      'rpc error: code = FailedPrecondition desc = client (version: 1) is out of date and must upgrade',
      'client-too-old',
    ],
    ['rpc error: code = Internal desc = table file not found', 'corrupt'],
    ['rpc error: code = ResourceExhausted desc = grpc: received message larger than max (9 vs. 8)', 'too-large'],
    ['something unknown', 'unknown'],
    ['', 'unknown'],
  ])('%j means %s', (text, means) => {
    expect(classify(text)).toBe(means);
  });

  test.each([
    'fatal: invalid ls-refs response: NAK',
    "fatal: server doesn't support 'ls-refs'",
    'fatal: server is speaking an unknown protocol',
    'fatal: invalid server response; got NAK',
    'fatal: expected flush after ref listing',
    'fatal: remote-curl: bad line length character: hell',
    "fatal: expected 'packfile', received 'x'",
    "fatal: git fetch-pack: expected ACK/NAK, got 'x'",
    'error: unable to parse remote unpack status: x',
  ])('of an answer that is none of git: %s', (text) => {
    expect(classify(`${text}\nfatal: Could not read from remote repository.`)).toBe('not-found');
  });

  test('of an answer that libcurl cannot read means network', () => {
    const text = 'Error while processing content unencoding: incorrect header check';
    expect(classify(`fatal: unable to access 'https://h/r.git/': ${text}`)).toBe('network');
    expect(classify("warning: unable to access '/root/.gitconfig': Permission denied")).toBe('auth');
  });

  test('of each status of gRPC is known', () => {
    const { answers, failures } = GRPC_STATUSES;
    expect(Object.keys({ ...answers, ...failures })).toHaveLength(16);
    for (const [status, means] of Object.entries({ ...answers, ...failures }))
      expect([status, classify(`rpc error: code = ${status} desc = blah`)]).toEqual([status, means]);
  });

  const status = 'unexpected HTTP status code received from server';
  test.each([
    [`rpc error: code = Unknown desc = ${status}: 301 (Moved Permanently)`, 'not-found'],
    [`rpc error: code = Internal desc = ${status}: 400 (Bad Request)`, 'not-found'],
    [`rpc error: code = Unauthenticated desc = ${status}: 401 (Unauthorized)`, 'auth'],
    [`rpc error: code = PermissionDenied desc = ${status}: 403 (Forbidden)`, 'auth'],
    [`rpc error: code = Unavailable desc = ${status}: 429 (Too Many Requests)`, 'network'],
    [`rpc error: code = Unavailable desc = ${status}: 503 (Service Unavailable)`, 'network'],
  ])('of a web server in the place of a remote: %s', (text, means) => {
    expect(classify(`${text}; transport: received unexpected content-type "text/html"`)).toBe(means);
  });

  const aws = (code: number, error: string) =>
    `operation error S3: PutObject, https response error StatusCode: ${code}, RequestID: x, HostID: y, api error ${error}`;
  test.each([
    [aws(403, 'AccessDenied: Access Denied'), 'auth'],
    [aws(403, 'Forbidden: Forbidden'), 'auth'],
    [aws(400, 'ExpiredToken: The provided token has expired.'), 'auth'],
    [aws(400, 'InvalidToken: The provided token is malformed or otherwise invalid.'), 'auth'],
    [aws(400, 'AccessDeniedException: User: arn:aws:iam::1:user/u is not authorized'), 'auth'],
    [aws(400, 'UnrecognizedClientException: The security token included in the request is invalid.'), 'auth'],
    [aws(301, 'PermanentRedirect: The bucket must be addressed using the specified endpoint.'), 'not-found'],
    [aws(400, 'ValidationException: The provided key element does not match the schema'), 'not-found'],
    [aws(404, 'NoSuchKey: The specified key does not exist.'), 'missing-table-file'],
    [aws(503, 'SlowDown: Please reduce your request rate.'), 'network'],
    [aws(500, 'InternalError: We encountered an internal error.'), 'network'],
    [aws(400, 'ProvisionedThroughputExceededException: Rate exceeded'), 'network'],
    [aws(400, 'RequestTimeout: Your socket connection was not read from.'), 'network'],
    [aws(400, 'ThrottlingException: Rate exceeded').replace('api error ', ''), 'network'],
    [aws(400, 'RequestLimitExceeded: Rate exceeded').replace('api error ', ''), 'network'],
    ['googleapi: Error 401: Invalid Credentials, authError', 'auth'],
    ['googleapi: Error 403: x does not have storage.objects.create access, forbidden', 'auth'],
    ['googleapi: Error 503: Service Unavailable, backendError', 'network'],
    ['googleapi: Error 400: Invalid bucket name, invalid', 'not-found'],
  ])('of a service for data: %s', (text, means) => {
    expect(classify(text)).toBe(means);
  });

  test('is found despite colours and the backspaces of a spinner', () => {
    expect(classify('- Fetching...\b\b\b\u001b[31mError 1105 (HY000): no common\b ancestor\u001b[0m')).toBe(
      'unrelated',
    );
  });

  test('follows the longer text if one contains the other', () => {
    expect(classify('conflict: table with same name deleted and modified')).toBe('conflict');
    expect(classify('table with same name deleted and its schema modified')).toBe('schema-conflict');
  });
});

/** Texts that the tests of the servers measured, word for word, with the server of each. */
const measured = z
  .array(z.strictObject({ text: z.string(), from: z.string(), class: z.string() }))
  .parse(JSON.parse(readFileSync('__tests__/fixtures/dolt-texts.json', 'utf8')));

/** Errors that no Dolt on loopback can cause, or that Dolt does not report. */
const NOT_MEASURED = ['nothing-to-push', 'port-in-use'];

test('every class has a measured text', () => {
  const classes = new Set(TEXTS.map(([, means]) => means));
  expect([...classes].filter((one) => !measured.some((seen) => seen.class === one)).sort()).toEqual(NOT_MEASURED);
});

test.each(measured)('$from means $class', ({ text, class: means }) => {
  expect(classify(text)).toBe(means);
});

describe('the line that decides the class', () => {
  test.each([
    [
      'could not access dolt url \'http://h:9/r\': rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:9: connect: connection refused"',
      'dial tcp 127.0.0.1:9: connect: connection refused',
    ],
    [
      'failed to create chunk store: remote: root@h: Permission denied (publickey).',
      'root@h: Permission denied (publickey).',
    ],
    [
      '@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@@\nIT IS POSSIBLE',
      'WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!',
    ],
    [
      'hint: See the note\nhint: about it\nTo h\n ! [rejected] main -> main (non-fast-forward)\nerror: failed to push some refs',
      '! [rejected] main -> main (non-fast-forward)',
    ],
    [
      'unknown push error; operation error S3: PutObject, https response error StatusCode: 403, RequestID: 18B, HostID: a1, api error SignatureDoesNotMatch: no.',
      'operation error S3: PutObject, https response error StatusCode: 403, api error SignatureDoesNotMatch: no.',
    ],
    ['Error 1105 (HY000): something new\nand more', 'something new'],
    ['', ''],
  ])('of %j is %j', (text, line) => {
    expect(decidingLine(text)).toBe(line);
  });

  test('of every text that a server has sent is one short line', () => {
    for (const { text } of measured) {
      const line = decidingLine(text);
      expect(line).not.toBe('');
      expect(line.length).toBeLessThanOrEqual(240);
      expect(line).not.toMatch(/\n|RequestID|desc = /);
    }
    expect(decidingLine('x'.repeat(500))).toHaveLength(240);
  });
});

test.each([
  ["unable to parse 'a connection refused' to UUID", 'unknown'],
  ["duplicate unique key given: [it's, no space left on device]", 'constraint-violation'],
  ["unable to parse 'it's: unable to create '/x/y.lock': file exists' to UUID", 'unknown'],
  ["unable to parse 'table with same name 'n' added in 2 commits can't be merged' to UUID", 'unknown'],
  ["table with same name 'n' added in 2 commits can't be merged", 'schema-conflict'],
  ["the conflict schema's columns are not equal to the current schema's columns", 'dolt-defect'],
  ['`town`@`%` does not have the correct permissions on branch `main`', 'branch-permission'],
  ['write /x/y: no space left on device', 'disk-full'],
  ['value no space left on device is not valid for this Enum', 'unknown'],
])('a value in quotes, brackets or known words does not decide the class: %s means %s', (text, means) => {
  expect(classifyOfRows(text)).toBe(means);
});
