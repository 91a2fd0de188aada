import type { Peer } from '../config/configuration.ts';
import type { Env } from '../core/env.ts';
import { canonicalHost, type HostRule, NOWHERE, parseTarget, type Reach, ruleForUrl } from '../egress/host-rule.ts';
import type { Credential } from './credential.ts';
import { gitTransport } from './credential.ts';
import { AMAZON_REGION, AMAZON_S3_HOST } from './providers/aws.ts';

/** Metadata services: they return the keys of the machine's role. */
const METADATA = ['169.254.169.254', 'fd00:ec2::254', 'metadata.google.internal'];

const AMAZON_S3 = provider(`(?:[a-z0-9][a-z0-9.-]*\\.)?${AMAZON_S3_HOST}`);
const AMAZON_DYNAMODB = provider(
  `(?:dynamodb(?:-fips)?|[0-9]{12}\\.ddb)\\.${AMAZON_REGION}\\.amazonaws\\.com(?:\\.cn)?`,
);
/** The hosts that exchange a profile or a workflow token for keys. */
const AMAZON_KEYS = [
  provider(`sts(?:-fips)?(?:\\.${AMAZON_REGION})?\\.amazonaws\\.com(?:\\.cn)?`),
  provider(`(?:portal\\.sso|oidc)\\.${AMAZON_REGION}\\.amazonaws\\.com(?:\\.cn)?`),
];
/** Storage and the exchange of credentials; GitHub's host issues the workflow token. */
const GOOGLE = [
  provider('(?:[a-z0-9-]+\\.)+googleapis\\.com'),
  provider('accounts\\.google\\.com'),
  provider('(?:[a-z0-9-]+\\.)+actions\\.githubusercontent\\.com'),
];
const AZURE_KEYS = [
  provider('login\\.(?:microsoftonline\\.(?:com|us)|chinacloudapi\\.cn|partner\\.microsoftonline\\.cn)'),
];
const ORACLE = [provider('(?:[a-z0-9-]+\\.)+(?:oraclecloud|oci\\.customer-oci)\\.com')];
/** DoltHub's servers name addresses of DoltHub's buckets at Amazon (dolthub/dolt#6306). */
const DOLTHUB_API = /^[a-z0-9-]+\.dolthub\.com$/;

/**
 * The hosts that an engine may connect to for one peer: the peer's own, those implied by its kind, and those that the
 * configuration allows.
 */
export function peerReach(peer: Peer, credential: Credential | null, env: Env): Reach {
  const own = ownHosts(peer, env);
  if (own.length === 0) return NOWHERE;
  const plain = own.some((rule) => rule.plain);
  const metadata = credential?.instanceRole === true ? METADATA.map((host) => metadataRule(host)) : [];
  return [...own, ...metadata, ...peer.allowedHosts.map((host) => allowedRule(host, plain))];
}

function ownHosts(peer: Peer, env: Env): Reach {
  const { endpoint, aws } = peer;
  switch (endpoint.kind) {
    case 'file':
    case 'ssh':
      return NOWHERE;
    case 'git':
      return gitTransport(endpoint) === 'git-token' ? [ruleForUrl(endpoint.dolt.replace(/^git\+/i, ''))] : NOWHERE;
    case 'http':
    case 'dolthub': {
      const own = ruleForUrl(endpoint.dolt);
      return typeof own.host === 'string' && DOLTHUB_API.test(own.host) ? [own, AMAZON_S3] : [own];
    }
    case 'aws':
    case 's3':
      return [
        ...service(aws?.endpoint ?? env['AWS_ENDPOINT_URL_S3'], AMAZON_S3),
        ...service(env['AWS_ENDPOINT_URL_DYNAMODB'], AMAZON_DYNAMODB),
        ...AMAZON_KEYS,
      ];
    case 'gs':
      return emulator(env['STORAGE_EMULATOR_HOST']) ?? GOOGLE;
    case 'az':
      return [ruleForUrl(endpoint.canonical.replace(/^az:/, 'https:')), ...AZURE_KEYS];
    case 'oci':
      return ORACLE;
  }
}

/** An S3 or DynamoDB service and its bucket subdomains; else the provider's own hosts. */
function service(url: string | undefined, provided: HostRule): Reach {
  if (url === undefined || !URL.canParse(url)) return [provided];
  const own = ruleForUrl(url);
  const escaped = String(own.host).replace(/[^a-z0-9-]/g, '\\$&');
  const buckets = new RegExp(`^[a-z0-9][a-z0-9.-]*\\.${escaped}$`);
  return [own, { ...own, host: buckets }];
}

/** With or without a scheme, as Google's client takes it. */
function emulator(written: string | undefined): Reach | null {
  if (written === undefined || written === '') return null;
  const url = /^https?:\/\//.test(written) ? written : `http://${written}`;
  return URL.canParse(url) ? [ruleForUrl(url)] : null;
}

/** A host name that only the provider assigns, with a public address. */
function provider(form: string): HostRule {
  return { host: new RegExp(`^${form}$`), port: 443, plain: false, named: false };
}

function metadataRule(host: string): HostRule {
  return { host, port: 80, plain: true, named: true };
}

/** @param plain whether the peer is reached without TLS */
function allowedRule(written: string, plain: boolean): HostRule {
  const target = parseTarget(written, null);
  return { host: target?.host ?? canonicalHost(written), port: target?.port ?? null, plain, named: true };
}
