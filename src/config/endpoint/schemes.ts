import type { Endpoint } from '../configuration.ts';

/** The allowed form of endpoints of one scheme. */
export interface Scheme {
  readonly kind: Endpoint['kind'];
  /**
   * `host`: a network address · `name`: an organization or bucket, case-sensitive · `none`: the path follows at once.
   */
  readonly authority: 'host' | 'name' | 'none';
  readonly user: boolean;
  readonly defaultPort: number | null;
  /** Whether the path reaches ssh, and through it a shell, unquoted (Dolt 2.3.0: dbfactory/ssh.go). */
  readonly ssh: boolean;
  /** Whether Dolt treats it as a git remote if the path ends in `.git` (Dolt 2.3.0, env/git_remote_url.go). */
  readonly gitBySuffix: boolean;
}

const BUCKET = { authority: 'name', user: false, defaultPort: null, ssh: false, gitBySuffix: false } as const;
const WEB = { authority: 'host', user: true, ssh: false } as const;
const SSH = { authority: 'host', user: true, defaultPort: 22, ssh: true } as const;
const LOCAL = { authority: 'none', user: false, defaultPort: null, ssh: false } as const;

/** Every accepted scheme in URL form; `aws` and `git@host:path` have other forms. */
export const SCHEMES: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ['dolthub', { kind: 'dolthub', ...BUCKET }],
  ['gs', { kind: 'gs', ...BUCKET }],
  ['s3', { kind: 's3', ...BUCKET }],
  ['oci', { kind: 'oci', ...BUCKET }],
  ['az', { kind: 'az', ...BUCKET, authority: 'host' }],
  ['file', { kind: 'file', ...LOCAL, gitBySuffix: true }],
  ['https', { kind: 'http', ...WEB, defaultPort: 443, gitBySuffix: true }],
  ['http', { kind: 'http', ...WEB, defaultPort: 80, gitBySuffix: true }],
  ['ssh', { kind: 'ssh', ...SSH, gitBySuffix: true }],
  ['git+https', { kind: 'git', ...WEB, defaultPort: 443, gitBySuffix: false }],
  ['git+ssh', { kind: 'git', ...SSH, gitBySuffix: false }],
  ['git+file', { kind: 'git', ...LOCAL, gitBySuffix: false }],
]);

/** Characters of paths that ssh passes to a remote shell. */
export const SSH_PATH = /^[A-Za-z0-9._~/+@=-]+$/;
