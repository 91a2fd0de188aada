import type { Endpoint } from '../configuration.ts';

export type EndpointKind = Endpoint['kind'];

/** The form of endpoints of one scheme. */
export interface Scheme {
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

/** Options of a peer that only some kinds have. */
export type PeerOption = 'ref' | 'user' | 'aws' | 'allowed-hosts';

/** A program that Dolt starts to reach a remote. */
export type RemoteProgram = 'git' | 'ssh';

/** The properties of a kind, besides its credentials, which `src/credentials` decides. */
interface KindEntry {
  /** The schemes of its URLs. `aws://` and `git@host:path` have parsers of their own. */
  readonly schemes: Readonly<Record<string, Scheme>>;
  /** The form that messages and documentation show first, and its other forms. */
  readonly form: string;
  readonly otherForms: readonly string[];
  /** Parameters that its query may contain. */
  readonly query: readonly string[];
  /** Options with an effect; others are errors. */
  readonly options: readonly PeerOption[];
  /** Whether a running database can be there; a push can change its tables. */
  readonly canBeLive: boolean;
  /** The program that reaches it; null: Dolt itself. */
  readonly program: RemoteProgram | null;
  /** A host of the provider if the endpoint names none; null: the endpoint names it, or there is none. */
  readonly sampleHost: string | null;
  /** Whether the URL that Dolt gets depends on what this Dolt supports (see `doltUrl`). */
  readonly dependsOnDolt: boolean;
}

const BUCKET = { authority: 'name', user: false, defaultPort: null, ssh: false, gitBySuffix: false } as const;
const WEB = { authority: 'host', user: true, ssh: false } as const;
const SSH = { authority: 'host', user: true, defaultPort: 22, ssh: true } as const;
const LOCAL = { authority: 'none', user: false, defaultPort: null, ssh: false } as const;

/** Every kind of endpoint, in the order of messages. */
export const ENDPOINT_KINDS: Readonly<Record<EndpointKind, KindEntry>> = {
  dolthub: {
    schemes: { dolthub: BUCKET },
    form: 'dolthub://org/repo',
    otherForms: [],
    query: [],
    options: ['user', 'allowed-hosts'],
    canBeLive: false,
    program: null,
    sampleHost: null,
    dependsOnDolt: false,
  },
  gs: {
    schemes: { gs: BUCKET },
    form: 'gs://bucket/path',
    otherForms: [],
    query: [],
    options: ['allowed-hosts'],
    canBeLive: false,
    program: null,
    sampleHost: 'storage.googleapis.com',
    dependsOnDolt: false,
  },
  s3: {
    schemes: { s3: BUCKET },
    form: 's3://bucket/path',
    otherForms: [],
    // All parameters that Dolt accepts (dbfactory/s3.go, after 2.3.0).
    query: ['endpoint', 'region', 'path-style'],
    options: ['aws', 'allowed-hosts'],
    canBeLive: false,
    program: null,
    sampleHost: 's3.amazonaws.com',
    dependsOnDolt: true,
  },
  file: {
    schemes: { file: { ...LOCAL, gitBySuffix: true } },
    form: 'file:///absolute/path',
    otherForms: [],
    query: [],
    options: [],
    canBeLive: false,
    program: null,
    sampleHost: null,
    dependsOnDolt: false,
  },
  http: {
    schemes: {
      https: { ...WEB, defaultPort: 443, gitBySuffix: true },
      http: { ...WEB, defaultPort: 80, gitBySuffix: true },
    },
    form: 'https://host/path',
    otherForms: [],
    query: [],
    options: ['user', 'allowed-hosts'],
    canBeLive: true,
    program: null,
    sampleHost: null,
    dependsOnDolt: false,
  },
  ssh: {
    schemes: { ssh: { ...SSH, gitBySuffix: true } },
    form: 'ssh://host/path',
    otherForms: [],
    query: [],
    options: [],
    canBeLive: true,
    program: 'ssh',
    sampleHost: null,
    dependsOnDolt: false,
  },
  git: {
    schemes: {
      'git+https': { ...WEB, defaultPort: 443, gitBySuffix: false },
      'git+ssh': { ...SSH, gitBySuffix: false },
      'git+file': { ...LOCAL, gitBySuffix: false },
    },
    form: 'git@host:path',
    otherForms: ['git+https://host/path', 'git+ssh://host/path', 'git+file:///absolute/path'],
    query: [],
    options: ['ref', 'allowed-hosts'],
    canBeLive: false,
    program: 'git',
    sampleHost: null,
    dependsOnDolt: false,
  },
  az: {
    schemes: { az: { ...BUCKET, authority: 'host' } },
    form: 'az://account/container/path',
    otherForms: [],
    query: [],
    options: ['allowed-hosts'],
    canBeLive: false,
    program: null,
    sampleHost: null,
    dependsOnDolt: false,
  },
  oci: {
    schemes: { oci: BUCKET },
    form: 'oci://bucket/path',
    otherForms: [],
    query: [],
    options: ['allowed-hosts'],
    canBeLive: false,
    program: null,
    sampleHost: 'objectstorage.oraclecloud.com',
    dependsOnDolt: false,
  },
  aws: {
    schemes: {},
    form: 'aws://[table:bucket]/path',
    otherForms: [],
    query: [],
    options: ['aws', 'allowed-hosts'],
    canBeLive: false,
    program: null,
    sampleHost: 's3.amazonaws.com',
    dependsOnDolt: false,
  },
};

const KINDS = Object.keys(ENDPOINT_KINDS) as EndpointKind[];

/** The kind and the form of each scheme in URL form. */
export const SCHEMES: ReadonlyMap<string, Scheme & { readonly kind: EndpointKind }> = new Map(
  KINDS.flatMap((kind) =>
    Object.entries(ENDPOINT_KINDS[kind].schemes).map(([name, scheme]) => [name, { ...scheme, kind }] as const),
  ),
);

/** The form of the endpoints of a scheme; null: an unknown scheme. */
export function formOf(scheme: string): string | null {
  const kind = scheme.toLowerCase() === 'aws' ? 'aws' : SCHEMES.get(scheme.toLowerCase())?.kind;
  if (kind === undefined) return null;
  const { form, otherForms } = ENDPOINT_KINDS[kind];
  return otherForms.find((other) => other.startsWith(`${scheme.toLowerCase()}://`)) ?? form;
}

/** Every form of an endpoint, for messages and documentation. */
export const ENDPOINT_FORMS: readonly string[] = [
  ...KINDS.map((kind) => ENDPOINT_KINDS[kind].form),
  ...KINDS.flatMap((kind) => ENDPOINT_KINDS[kind].otherForms),
];
