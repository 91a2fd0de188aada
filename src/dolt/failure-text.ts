import { stripVTControlCharacters } from 'node:util';
import type { ErrorCode } from '../contract/error-codes.ts';
import { withoutQuoted } from '../core/text.ts';

/** The class of a text of Dolt, git or ssh: an error code, or an outcome that is not an error. */
export type TextClass = ErrorCode | 'port-in-use' | 'nothing-to-push';

/**
 * Every status of gRPC that is an error. A server chooses an answer, so its status is a text like any other. Every
 * failure of a server or of the way to it can have one of the others, `canceled` of a reset stream too: they decide only
 * if no text matches.
 */
export const GRPC_STATUSES = {
  answers: {
    notfound: 'not-found',
    permissiondenied: 'auth',
    unauthenticated: 'auth',
    unavailable: 'network',
    unimplemented: 'not-found',
  },
  failures: {
    aborted: 'network',
    canceled: 'network',
    dataloss: 'network',
    deadlineexceeded: 'network',
    internal: 'network',
    resourceexhausted: 'network',
    unknown: 'network',
    // Dolt 2.3.0 does not repeat such a request either.
    alreadyexists: 'not-found',
    failedprecondition: 'not-found',
    invalidargument: 'not-found',
    outofrange: 'not-found',
  },
} as const satisfies Record<string, Record<string, TextClass>>;

function statuses(means: Readonly<Record<string, TextClass>>, lead = ''): [string, TextClass][] {
  return Object.entries(means).map(([status, meaning]) => [`${lead}code = ${status}`, meaning]);
}

/**
 * Texts of Dolt 2.3.0, git and ssh, in lower case. Only this file reads English. The longest matching text decides, so
 * a specific text wins over its wrapper; a refusal wins over a broken connection.
 */
export const TEXTS: readonly (readonly [text: string, means: TextClass])[] = [
  ['non-fast-forward', 'non-fast-forward'],
  ['updates were rejected because the tip of your current branch is behind', 'non-fast-forward'],
  ["can't fast forward merge", 'non-fast-forward'],
  ['cannot fast forward from a to b. a is ahead of b already', 'non-fast-forward'],
  ['dataset head is not ancestor of commit', 'non-fast-forward'],
  ['not possible to fast-forward, aborting', 'non-fast-forward'],
  ['no common ancestor', 'unrelated'],
  ['everything up-to-date', 'nothing-to-push'],
  ['schema conflict found, merge aborted', 'schema-conflict'],
  ['conflict: table with same name deleted and modified', 'conflict'],
  ["added in 2 commits can't be merged", 'schema-conflict'],
  ['deleted and its schema modified', 'schema-conflict'],
  ['has different primary keys', 'schema-conflict'],
  ['database collation conflict', 'schema-conflict'],
  ['foreign key conflicts', 'schema-conflict'],
  ['panic computing prolly tree patches during merge', 'dolt-defect'],
  ['panic computing prolly tree patches during merge: cannot write null to non-null field', 'constraint-violation'],
  // User columns with names of Dolt's own columns, and hidden columns that its rows lack.
  ['ambiguous column name', 'dolt-defect'],
  ['unable to find field with index', 'dolt-defect'],
  ["the conflict schema's columns are not equal to the current schema's columns", 'dolt-defect'],
  ['merge conflict detected', 'conflict'],
  ['merge has unresolved conflicts or constraint violations', 'conflict'],
  ['working set with constraint violations', 'constraint-violation'],
  ['created foreign key violations', 'constraint-violation'],
  ['duplicate unique key given', 'constraint-violation'],
  ['is non-nullable but attempted to set a value of null', 'constraint-violation'],
  // Also of a VIRTUAL column that is read.
  ['default value attempted to return null but column is non-nullable', 'constraint-violation'],
  ['incompatible type for default value', 'not-deterministic'],
  ['cannot merge with uncommitted changes', 'uncommitted-changes'],
  ['local changes would be stomped by merge', 'uncommitted-changes'],
  // A fast-forward beside a table that was dropped or renamed and not committed (2.3.0).
  [
    'failed to update table; malformed database: chunk 00000000000000000000000000000000 required but not found',
    'uncommitted-changes',
  ],
  ['matches conflicting patterns in dolt_ignore', 'ignore-ambiguous'],
  ['target has uncommitted changes', 'remote-dirty'],
  ...statuses(GRPC_STATUSES.answers),
  ["authorization header did not start with 'basic '", 'auth'],
  ['access denied for user', 'auth'],
  ['command denied to user', 'auth'],
  ['api authentication failure', 'auth'],
  ['api authorization failure', 'auth'],
  ['permission denied (publickey', 'auth'],
  ['too many authentication failures', 'auth'],
  ['authentication failed for', 'auth'],
  ['could not read username', 'auth'],
  ['returned error: 401', 'auth'],
  ['returned error: 403', 'auth'],
  ['must set dolt_remote_password', 'auth'],
  ['invalid creds file', 'auth'],
  ['no ec2 imds role found', 'auth'],
  ['did not find aws_access_key_id or aws_secret_access_key', 'auth'],
  // gRPC, where the server answers like a web server.
  ['unexpected http status code received from server: 401', 'auth'],
  ['unexpected http status code received from server: 403', 'auth'],
  ['signaturedoesnotmatch', 'auth'],
  ['response error statuscode: 401', 'auth'],
  ['response error statuscode: 403', 'auth'],
  ['api error accessdenied', 'auth'],
  ['api error expiredtoken', 'auth'],
  ['api error invalidtoken', 'auth'],
  ['api error unrecognizedclient', 'auth'],
  ['googleapi: error 401', 'auth'],
  ['googleapi: error 403', 'auth'],
  // The same for a read of an object.
  ['googleapi: got http response code 401', 'auth'],
  ['googleapi: got http response code 403', 'auth'],
  ['invalidaccesskeyid', 'auth'],
  ['xadminusernotfound', 'auth'],
  ['could not find default credentials', 'auth'],
  ['error getting credentials using google_application_credentials', 'auth'],
  ['host key verification failed', 'untrusted-host'],
  // Dolt may pass on only the beginning of ssh's output.
  ['remote host identification has changed', 'untrusted-host'],
  ['host key is known for', 'untrusted-host'],
  ['x509: certificate signed by unknown authority', 'untrusted-host'],
  ['failed to verify certificate', 'untrusted-host'],
  // git, built with GnuTLS and with OpenSSL.
  ['server certificate verification failed', 'untrusted-host'],
  ['ssl certificate problem', 'untrusted-host'],
  ['certificate subject name', 'untrusted-host'],
  // ssh and ssh-keygen before they connect: a uid without an entry in /etc/passwd, and settings that they refuse.
  ['no user exists for uid', 'ssh-unusable'],
  ['bad owner or permissions on ', 'ssh-unusable'],
  ['bad configuration option', 'ssh-unusable'],
  ["can't open user config file", 'ssh-unusable'],
  // A program of git that exceeded the memory limit (memory.ts), or that the system ended for the same reason.
  ['died of signal 9', 'too-large'],
  ['signal: killed', 'too-large'],
  ['grpc: received message larger than max', 'too-large'],
  ['expected commit type, but the object dereferences to', 'not-a-remote'],
  ['not a tree object', 'not-a-remote'],
  // A ref of git that leads nowhere, or beside which git cannot make the ref of the data.
  ['broken symref', 'not-a-remote'],
  ["' exists; cannot create '", 'not-a-remote'],
  ['blocking reference', 'not-a-remote'],
  ['executable file not found in $path', 'program-missing'],
  ['git not found on path', 'program-missing'],
  ['failed to start transfer subprocess: fork/exec', 'program-missing'],
  [': command not found', 'program-missing'],
  ['could not read password', 'auth'],
  ['could not read jwk', 'auth'],
  ['deserialized jwk was not valid', 'auth'],
  ['nocredentialproviders', 'auth'],
  ['does not have the correct permissions on branch', 'branch-permission'],
  // A hook of the host, or a GitHub rule such as GH001 or GH013.
  ['hook declined', 'push-protection'],
  ['push declined due to', 'push-protection'],
  ['gh013: repository rule violations', 'push-protection'],
  ['gh001: large files detected', 'push-protection'],
  // A git host that takes no upload of this size, and one that hides the ref.
  ['returned error: 413', 'push-protection'],
  ['pack exceeds maximum allowed size', 'push-protection'],
  ['deny updating a hidden ref', 'push-protection'],
  ['only provides read-only access', 'read-only'],
  ['write on a read-only remotestorage chunk store', 'read-only'],
  ['does not appear to be a dolt database', 'not-found'],
  ['unknown remote', 'not-found'],
  ['please make sure the remote exists', 'not-found'],
  ['remote: repository not found', 'not-found'],
  ['error: repository not found', 'not-found'],
  // A repository whose objects are at another address.
  ['alternate disabled by http.followredirects', 'not-found'],
  // git follows no redirect: the repository has moved.
  ['returned error: 301', 'not-found'],
  ['returned error: 302', 'not-found'],
  ['returned error: 303', 'not-found'],
  ['returned error: 307', 'not-found'],
  ['returned error: 308', 'not-found'],
  // A web site, or a shell that prints, in the place of a git host.
  ['info/refs not valid: is this a git repository', 'not-found'],
  ['received http/0.9 when not allowed', 'not-found'],
  ['repository not found at', 'not-found'],
  ['desc = database not found', 'not-found'],
  ['does not appear to be a git repository', 'not-found'],
  ["/' not found", 'not-found'],
  ["storage: bucket doesn't exist", 'not-found'],
  ['api error nosuchbucket', 'not-found'],
  ['resourcenotfoundexception', 'not-found'],
  ['googleapi: error 404', 'not-found'],
  // A server that answers in HTTP/1.1, with a page or a redirect, or without the service of Dolt, is not a Dolt remote.
  ['looked like an http/1.1 header', 'not-found'],
  ['unexpected http status code received from server: 2', 'not-found'],
  ['unexpected http status code received from server: 3', 'not-found'],
  ['unexpected http status code received from server: 4', 'not-found'],
  // A bucket in another region or at another host.
  ['response error statuscode: 3', 'not-found'],
  ['unknown s3 url parameter', 'config-invalid'],
  ['invalid region: region was not a valid dns name', 'config-invalid'],
  ['invalid ref spec', 'branch-missing'],
  ['cannot resolve default branch head', 'branch-not-found'],
  ['refspec not found', 'branch-missing'],
  ['not found on remote', 'branch-missing'],
  // Another process removed our branch while the engine worked.
  ['matched multiple remote tracking branches', 'branch-not-found'],
  ['if you meant to check out a remote tracking branch', 'branch-not-found'],
  ['clone failed; branch not found', 'branch-missing'],
  ['contains no dolt data', 'remote-empty'],
  ['no branches found in remote', 'remote-empty'],
  ['git remote has no branches', 'remote-empty'],
  ['no refs in common and none specified', 'remote-empty'],
  ["couldn't find remote ref ", 'remote-empty'],
  ['database server is set to read only mode', 'database-read-only'],
  ['is locked by another dolt process', 'locked'],
  ['cannot update manifest: database is read only', 'locked'],
  ['optimistic lock failed on database root update', 'contention'],
  ['timed out reading database manifest: lock timeout exceeded', 'contention'],
  ['received too many writes while we were pushing', 'contention'],
  ['conflicts with a committed transaction', 'contention'],
  ['updatemanifest failed', 'contention'],
  // Another process held the lock of a file:// remote for longer than Dolt waits.
  ['timed out reading database manifest', 'contention'],
  ['cannot lock ref', 'contention'],
  ['(stale info)', 'contention'],
  ['shallow repository missing chunks', 'shallow-clone'],
  ['you are using a shallow clone', 'shallow-clone'],
  ['unexpected ghost commit', 'shallow-clone'],
  ['connection refused', 'network'],
  ['connection reset', 'network'],
  ['no such host', 'network'],
  ['could not resolve host', 'network'],
  ["couldn't connect to server", 'network'],
  // Dolt noticed that ssh had ended before it read why.
  ['rpc error: code = canceled desc = ', 'network'],
  ['i/o timeout', 'network'],
  ['unexpected eof', 'network'],
  // Go's client of HTTP, if the connection ends before an answer: `Post "https://h/x": EOF`.
  ['": eof', 'network'],
  ['server closed idle connection', 'network'],
  ['transport connection broken', 'network'],
  ['http2: client connection lost', 'network'],
  ['http2: server sent goaway', 'network'],
  ['stream error: stream id ', 'network'],
  // A service that sends less of an object than it was asked for.
  ['storage: partial request not satisfied', 'network'],
  ['failed to read entire range', 'network'],
  // The answer for a table file of Dolt's own protocol: of a download (`http status`), and of an upload (`error: http`).
  ['http status: ', 'network'],
  ['http status: 404', 'missing-table-file'],
  ['error: http 401', 'auth'],
  ['error: http 403', 'auth'],
  ['error: http 404', 'not-found'],
  ['error: http 413', 'too-large'],
  ['error: http 429', 'network'],
  ['error: http 500', 'network'],
  ['error: http 502', 'network'],
  ['error: http 503', 'network'],
  ['error: http 504', 'network'],
  ['unexpected http status code received from server: 429', 'network'],
  ['unexpected http status code received from server: 5', 'network'],
  ['response error statuscode: 429', 'network'],
  ['response error statuscode: 5', 'network'],
  // Some errors of DynamoDB have no `api error` before their names.
  ['throttlingexception', 'network'],
  ['api error throttling', 'network'],
  ['provisionedthroughputexceeded', 'network'],
  ['requestlimitexceeded', 'network'],
  ['api error requesttimeout:', 'network'],
  ['googleapi: error 429', 'network'],
  ['googleapi: error 5', 'network'],
  ['googleapi: got http response code 429', 'network'],
  ['googleapi: got http response code 5', 'network'],
  // A table file: `HTTP GET for remote table file failed: status code: 503`. Its signed address ends after some minutes.
  ['table file failed: status code: ', 'network'],
  ['the requested url returned error: 407', 'network'],
  ['the requested url returned error: 408', 'network'],
  ['the requested url returned error: 429', 'network'],
  ['the requested url returned error: 5', 'network'],
  ['transfer closed with outstanding read data remaining', 'network'],
  ['unexpected disconnect while reading sideband packet', 'network'],
  // libcurl, on its own and through git; both GnuTLS and OpenSSL.
  ['empty reply from server', 'network'],
  ['rpc failed; curl', 'network'],
  ['recv failure: ', 'network'],
  ['send failure: ', 'network'],
  ['gnutls recv error', 'network'],
  ['gnutls_handshake() failed', 'network'],
  ['ssl routines:', 'network'],
  ['ssl_error_syscall', 'network'],
  // The C library's and Go's.
  ['connection timed out', 'network'],
  ['operation timed out', 'network'],
  ['network is unreachable', 'network'],
  ['no route to host', 'network'],
  ['temporary failure in name resolution', 'network'],
  ['tls handshake timeout', 'network'],
  ['remote error: tls: ', 'network'],
  ['throughput below minimum threshold', 'network'],
  ['early eof', 'network'],
  ['invalid index-pack output', 'network'],
  ['reliablecallstatemachine rpc timeout', 'network'],
  ['kex_exchange_identification', 'network'],
  // A server that speaks no SSH, or ends within it.
  ['banner exchange: ', 'network'],
  ['protocol major versions differ', 'network'],
  ['bad packet length', 'network'],
  ['corrupted mac on input', 'network'],
  ['unable to negotiate with', 'network'],
  ['read-only file system', 'read-only'],
  // flock(2) and similar calls on file systems without locks: ENOSYS, EOPNOTSUPP, ENOLCK.
  ['function not implemented', 'locks-unsupported'],
  ['operation not supported', 'locks-unsupported'],
  ['no locks available', 'locks-unsupported'],
  // A network file system or a disk that is gone: ESTALE, ENOTCONN, EHOSTDOWN.
  ['stale nfs file handle', 'network'],
  ['stale file handle', 'network'],
  ['transport endpoint is not connected', 'network'],
  ['host is down', 'network'],
  ['detected dubious ownership in repository', 'git-ownership'],
  [': permission denied', 'auth'],
  // An immutable file (`chattr +i`), also for root; Windows.
  [': operation not permitted', 'auth'],
  [': access is denied', 'auth'],
  ['no space left on device', 'disk-full'],
  ['disk quota exceeded', 'disk-full'],
  ['not enough space on the disk', 'disk-full'],
  ['connection closed by ', 'network'],
  ['closed by remote host', 'network'],
  [': broken pipe', 'network'],
  // Dolt's transfer over ssh after the channel was closed.
  ['failed to open smux stream', 'network'],
  ['error reading server preface', 'network'],
  ['read |0: file already closed', 'network'],
  ['write |1: file already closed', 'network'],
  ['found dangling references to', 'corrupt'],
  ['corrupt manifest', 'corrupt'],
  // A folder, or a commit of another repository, in the place of a file of a git remote.
  ['gitblobstore: invalid part name', 'corrupt'],
  ['gitblobstore: unsupported object type', 'corrupt'],
  // A git repository that lost objects.
  ['bad object ', 'corrupt'],
  ['missing necessary objects', 'corrupt'],
  ['error: unable to find ', 'corrupt'],
  ['inflate: data stream error', 'corrupt'],
  ['serious inflate inconsistency', 'corrupt'],
  ['corrupt loose object', 'corrupt'],
  ['fatal: pack is corrupted (', 'corrupt'],
  ['offset value out of bound for delta base object', 'corrupt'],
  ['delta base offset is out of bound', 'corrupt'],
  ["root hash doesn't exist", 'corrupt'],
  ['failed to get all chunks', 'corrupt'],
  ['pullchunkfetcher: get on closed fetcher', 'corrupt'],
  ['snappy: corrupt input', 'corrupt'],
  // A list of refs that names tags and does not lead to them, and tags and branches that name no commit.
  ['tag not found', 'corrupt'],
  ['target commit not found', 'corrupt'],
  ['value is not a commit', 'corrupt'],
  // Malformed data: a panic of Dolt over it that ends only the statement, and messages of another kind than expected.
  ['panic recovered: ', 'corrupt'],
  // A function of an expression, for a value that Dolt 2.3.0 stores outside of its row, and one for no number.
  ['panic recovered: interface conversion: interface {} is *val.', 'dolt-defect'],
  ['panic recovered: interface conversion: interface {} is types.', 'dolt-defect'],
  ['panic recovered: interface conversion: interface {} is nil, not *apd.decimal', 'dolt-defect'],
  ['table ref is unexpected noms value', 'corrupt'],
  ['unexpected file id for commit closure', 'corrupt'],
  ['you may need to update your client', 'client-too-old'],
  ['corrupted journal', 'corrupt'],
  ['invalid or corrupt table file', 'corrupt'],
  ['invalid table file name', 'corrupt'],
  ['table file not found', 'corrupt'],
  ['failed to loadfooter', 'corrupt'],
  ['dangling ref', 'corrupt'],
  ['head value is nil for address ', 'corrupt'],
  // A server that dropped an upload, and a table of DynamoDB that dropped the manifest.
  ['manifest update error', 'missing-table-file'],
  ['manifest not found', 'missing-table-file'],
  // A folder in the place of a file, a link to itself, a table file that a full disk cut.
  [': is a directory', 'corrupt'],
  ['operation not valid on a file', 'corrupt'],
  ['too many levels of symbolic links', 'corrupt'],
  [': negative offset', 'corrupt'],
  // Fields of a manifest.
  ['could not parse lock hash', 'corrupt'],
  ['strconv.parseuint: parsing', 'corrupt'],
  ['checksum error', 'corrupt'],
  // A blob store (git, gs, az) without a file that its manifest names.
  ['blob not found: ', 'missing-table-file'],
  ['table file failed: status code: 404', 'missing-table-file'],
  ['nosuchkey', 'missing-table-file'],
  ["storage: object doesn't exist", 'missing-table-file'],
  ['is out of date and must upgrade', 'client-too-old'],
  // A kind of value, or a field, that this Dolt does not know.
  ['unsupported serialmessage message with fileid', 'client-too-old'],
  ['table has unknown fields', 'client-too-old'],
  ['unknown manifest version', 'client-too-old'],
  ['unsupported table file format', 'client-too-old'],
  ['is in an unsupported format', 'client-too-old'],
  ['unknown url scheme', 'unsupported-endpoint'],
  // A git repository in a format that this git does not read, or with hashes of SHA-256.
  ['expected git repo version', 'unsupported-endpoint'],
  ['unknown repository extension', 'unsupported-endpoint'],
  ["does not support this repository's hash algorithm", 'unsupported-endpoint'],
  ['mismatched algorithms: ', 'unsupported-endpoint'],
  ['does not support a detached head state', 'tag-conflict'],
  ['already in use.', 'port-in-use'],
  // The port was taken after Dolt had looked whether it is free.
  ['bind: address already in use', 'port-in-use'],
];

/** Texts about data that the other side does not have, or is not sent: each is also in `TEXTS`. */
const LACKING_DATA = [
  "root hash doesn't exist",
  'failed to get all chunks',
  // The same, noticed a moment later.
  'pullchunkfetcher: get on closed fetcher',
];

/**
 * Whether a text only says that data did not come. A download that ends without an answer gets the same text: Dolt 2.3.0
 * takes that end for the end of the data after five attempts (remotestorage).
 */
export function isOfLackingData(text: string): boolean {
  return LACKING_DATA.some((known) => text.toLowerCase().includes(known));
}

/** The words of Dolt 2.3.0 before the standard error of the other side of ssh, and those of git after it. */
export const BEFORE_HOST = 'failed to create chunk store: remote: ';
const AFTER_HOST = 'could not read from remote repository';

/** Texts that wrap any cause; they decide only if no other text matches. */
const WRAPPERS: typeof TEXTS = [
  // Dolt 2.3.0 prints it for a database that it cannot open: a lock, a full disk, damaged settings.
  ['failed to load database', 'corrupt'],
  ['failed to load data', 'corrupt'],
  ...statuses(GRPC_STATUSES.failures, 'rpc error: '),
  // A server of Dolt's protocol that answers less, or something else, than was asked.
  ['unexpected upload location count', 'network'],
  ['update table files failed', 'network'],
  ['no stream response', 'network'],
  ['early shutdown before all chunks fetched', 'network'],
  ['server returned missing_index out of range', 'network'],
  ['server returned chunklocation.request_index out of range', 'network'],
  ['server referenced unknown table_file_id', 'network'],
  ['server responded with more chunks than we asked for', 'network'],
  ['error: http 3', 'not-found'],
  ['error: http 4', 'not-found'],
  ['error: http 5', 'network'],
  ['response error statuscode: 4', 'not-found'],
  ['googleapi: error 4', 'not-found'],
  ['googleapi: got http response code 4', 'not-found'],
  // A page in the place of an answer of a cloud service.
  ['deserialization failed', 'not-found'],
  // git: the other side ends within a pack, speaks another protocol, refuses in its own words, or ends.
  ['protocol error: bad pack header', 'network'],
  ['protocol error: ', 'not-found'],
  ['remote error: ', 'not-found'],
  ...[
    // The list of what the server can do, and that of its branches.
    'speaking an unknown protocol',
    'unknown protocol version',
    "server doesn't support ",
    'server does not support ',
    'invalid server response; ',
    'invalid content-type ',
    'invalid ls-refs response: ',
    'malformed response in ref list: ',
    'could not determine hash algorithm',
    'dumb http transport does not support ',
    'expected flush after ',
    'response end packet',
    'bad line length character',
    'bytes of length header were received',
    'bytes of body are still expected',
    'invalid packet',
    // Its answer to a fetch.
    'git fetch-pack: expected ',
    'expected shallow/unshallow, got ',
    'shallow line: ',
    'error processing acks: ',
    'error processing shallow info: ',
    'error processing wanted refs: ',
    'unexpected acknowledgment line: ',
    "unexpected 'ready' from remote",
    'wanted-ref',
    'error reading section header ',
    "', received '",
    'to be sent after ',
    'does not allow request for unadvertised object ',
    'repository on the other end cannot be shallow',
    'source repository is shallow',
    // Its answer to a push.
    'remote unpack status',
    'invalid ref status from remote: ',
    'remote reported status on un',
    'expected ok/error, helper said ',
    'helper reported unexpected status of ',
  ].map((text) => [text, 'not-found'] as const),
  ['remote unpack failed: ', 'network'],
  ["unknown object format '", 'unsupported-endpoint'],
  // Any other failure of libcurl, such as a body that cannot be decoded.
  ["unable to access 'http", 'network'],
  ['the remote end hung up', 'network'],
  // Both tools repeat what the other side wrote, which can be any words of its host.
  [BEFORE_HOST, 'network'],
  [AFTER_HOST, 'network'],
];

const LONGEST_FIRST = [...TEXTS].sort((a, b) => b[0].length - a[0].length);

/** A refusal also ends the connection, so a connection error beside one of these is only a consequence. */
const REFUSALS: ReadonlySet<TextClass> = new Set(['auth', 'untrusted-host', 'push-protection']);
const AFTER_REFUSALS: ReadonlySet<TextClass> = new Set(['network', 'nothing-to-push']);

/** Another git works in the repository, or was killed there and left its lock file. */
const LOCK_OF_GIT =
  /unable to create '[^'\n]+\.lock': file exists|could not lock config file [^\n]{1,1000}: file exists/i;

/** An answer of a git host, also if the connection ends after it. The excluded ones have classes of their own. */
const ANSWER_OF_HOST = /returned error: 4(?!0[1378]|13|29)\d\d/;

/** Texts whose words alone could mean something else, in lower case. */
const PATTERNS: readonly (readonly [pattern: RegExp, means: TextClass])[] = [
  [LOCK_OF_GIT, 'contention'],
  // A firewall or a sandbox of this machine refuses a connection or a question to DNS: Go; ssh and libcurl; Go on Windows.
  [
    /: (?:connect|socket|read|recvfrom|recvmsg|write|writev|sendto|sendmsg): (?:permission denied|operation not permitted)/,
    'network',
  ],
  [/connect to (?:host )?\S+ port \d+(?: after \d+ ms)?: (?:permission denied|operation not permitted)/, 'network'],
  [/: connectex: an attempt was made to access a socket in a way forbidden/, 'network'],
  // Go, or git, cannot execute a program of this machine.
  [
    /cannot (?:run|exec) [^\n]*: (?:no such file or directory|permission denied|operation not permitted)\n(?:[^\n]*\n)*fatal: unable to fork/,
    'program-missing',
  ],
  [
    /\b(?:fork\/exec |exec: ")(?:[a-z]:)?[^\n:]*: (?:no such file or directory|permission denied|operation not permitted|exec format error)/,
    'program-missing',
  ],
  // git at the other side also prints the last words after it was killed or had no memory.
  [/^(?=.*possible repository corruption on the remote side).*unable to read [0-9a-f]{40,64}\b/s, 'corrupt'],
  // Dolt's client waits 20 seconds for the first words of a server, then closes the connection itself (gRPC, Dolt 2.3.0).
  // An end of the connection by the server has another text.
  [/error reading server preface: [^\n]*use of closed network connection/, 'connect-timeout'],
  // Bytes that are no UTF-8, in a text of a peer or where a statement reads a column of bytes as one.
  [/incorrect string value: [^\n]* at row 0$/, 'dolt-defect'],
  // The manifest of a remote is an empty file, as after a full disk.
  [/^(?:error \d+ \(\w+\): )?eof$/, 'corrupt'],
  // The folder of a remote was removed.
  [/(?:^(?:error \d+ \(\w+\): )?|; )stat [^\n]*: no such file or directory$/, 'folder-missing'],
];

/** The class of a text of Dolt; `unknown` if no known text occurs in it. */
export function classify(text: string): TextClass {
  // Color codes and spinner output may split a word.
  const lower = stripVTControlCharacters(text).replaceAll('\b', '').toLowerCase();
  const special = PATTERNS.find(([pattern]) => pattern.test(lower.trim()));
  if (special !== undefined) return special[1];
  const found = [...LONGEST_FIRST, ...WRAPPERS].filter(([known]) => lower.includes(known)).map(([, means]) => means);
  // Other words of the host say why it answered so.
  if (found.every((means) => AFTER_REFUSALS.has(means)) && ANSWER_OF_HOST.test(lower)) return 'not-found';
  const [first = 'unknown'] = found;
  return (AFTER_REFUSALS.has(first) ? found.find((means) => REFUSALS.has(means)) : undefined) ?? first;
}

/** A text that has only the name of a table in quotes. */
const SAME_NAME = /^(?:error \d+ \(\w+\): )?table with same name '[^\n]*' added in 2 commits can't be merged$/i;

/** Texts with quotes of their own, as a whole: Dolt writes their beginnings. */
const QUOTING: typeof PATTERNS = [
  [SAME_NAME, 'schema-conflict'],
  [/^the conflict schema's columns are not equal to the current schema's columns/, 'dolt-defect'],
  [/^`[^`\n]*`@`[^`\n]*` does not have the correct permissions on branch `/, 'branch-permission'],
];

/** The words of Dolt before and after a value of a row that is not in quotes; empty: it begins or ends the text. */
const UNQUOTED: readonly (readonly [before: string, after: string])[] = [
  ['value ', ' is not valid for this '],
  ['value ', ' is not a valid '],
  ['value ', ' was not found in the set'],
  ['duplicate entry: ', ''],
  ['Truncated incorrect ', ''],
  ['Invalid JSON text: ', ''],
  ['', ' out of range for '],
];

/** The class of a text in which some words may be a value of a row. */
export function classifyOfRows(text: string): TextClass {
  const lower = text.toLowerCase();
  return QUOTING.find(([pattern]) => pattern.test(lower))?.[1] ?? classify(withoutRowValues(text));
}

/** A text without the words that may be a value of a row. */
export function withoutRowValues(text: string): string {
  if (SAME_NAME.test(text)) return text;
  return UNQUOTED.reduce((rest, [before, after]) => {
    const [from, to] = [rest.indexOf(before), after === '' ? rest.length : rest.lastIndexOf(after)];
    return from < 0 || to <= from + before.length ? rest : `${rest.slice(0, from + before.length)}…${rest.slice(to)}`;
  }, withoutQuoted(text));
}

/** Whether a service says that a bucket is in another region, or at another host. */
export function namesOtherRegion(text: string): boolean {
  return /\bapi error (?:PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed)\b|BucketRegionError/i.test(
    text,
  );
}

/** Whether a git host sends git to another address. */
export function namesRedirect(text: string): boolean {
  return /returned error: 30[12378]\b/i.test(text);
}

/** Two paths in one for a rename. The path of a program that cannot be executed is none. */
const REFUSED_PATH =
  /\b(?!exec )[a-z]+ ((?:\/|[a-z]:\\)[^\n]*): (?:permission denied|operation not permitted|read-only file system|device or resource busy|access is denied)/i;

/** The path that the system refused to Dolt, as Go writes it; null: a host or a database refused its user. */
export function refusedPath(text: string): string | null {
  return REFUSED_PATH.exec(text)?.[1] ?? null;
}

/** Whether a text is about a lock file that a git left or holds. */
export function namesLockOfGit(text: string): boolean {
  return LOCK_OF_GIT.test(text);
}

/** Whether the other side of ssh ended without a word that Dolt, git or ssh is known for. */
export function isOfHost(text: string): boolean {
  const words = text
    .toLowerCase()
    .split(BEFORE_HOST)
    .flatMap((part) => part.split(AFTER_HOST));
  return words.length > 1 && classify(words.join(' ')) === 'unknown';
}

/** Whether git read something else than its protocol, such as a greeting that a login prints. */
export function isNoProtocol(text: string): boolean {
  return /bad line length character/i.test(text);
}

/** A panic that ends the process, and one that ends a connection, which Dolt logs with escaped line breaks. */
const PANIC = /^panic: (.*)\n|mysql_server caught panic:\\n(.*?)\\n/m;

/** The first panic in the log of a server, and the end of its text there; null: none. */
export function panicIn(
  log: string,
): { readonly text: string; readonly endsServer: boolean; readonly end: number } | null {
  const found = PANIC.exec(log);
  if (found === null) return null;
  const [line, ofServer, ofConnection = ''] = found;
  return { text: ofServer ?? ofConnection, endsServer: ofServer !== undefined, end: found.index + line.length };
}

const MAX_LINE = 240;
/** Texts of Dolt before the words that matter. */
const WRAPPINGS: readonly RegExp[] = [
  /^time="[^"]*" level=\w+ msg="/,
  /^.*\bdesc = (?=\S)/,
  /^failed to get remote db; the remote: .*? could not be accessed; /,
  /^(?:unknown push error|clone failed); /,
  /^(?:fetch failed|failed to create chunk store|failed to load database with error): /,
  /^(?:addTableFiles, )?updateManifest\w*: /,
  /^Error \d+ \(\w+\): /,
  /^(?:remote|error|fatal): /,
  /^"?transport: (?:authentication handshake failed: |Error while dialing: )?/,
];

/** The line of a tool's output that decides its class, without wrappers and ids of requests, in one short line. */
export function decidingLine(text: string): string {
  const lines = stripVTControlCharacters(text)
    .replaceAll('\b', '')
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/^(?:remote:|error:|fatal:|[\s@])+/i, '').trim())
    .filter((line) => line !== '' && !/^(?:hint:|Starting server with Config )/i.test(line));
  const means = classify(text);
  const deciding = lines.find((line) => classify(line) === means) ?? lines[0] ?? '';
  const line = WRAPPINGS.reduce((rest, wrapping) => rest.replace(wrapping, ''), deciding)
    .replace(/,? *(?:RequestID|request id|HostID|host id): ?[^,\s]*/gi, '')
    .replace(/ *\(errno \d+\) \(sqlstate \w+\)/, '')
    .replace(/^[\s"@]+|[\s@]+$/g, '')
    .replace(/^([^"]*)"$/, '$1');
  if (line === '') return deciding;
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
