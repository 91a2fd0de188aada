/** The credentials of the peers that one engine connects to, and no others. */
export interface EngineCredentials {
  /** Equal for peers that may share an engine. It contains the secrets and is never shown. */
  readonly key: string;
  /**
   * Whether an engine is restarted before the next phase of a run. For one second after a git remote was contacted,
   * Dolt answers from a cache, so another read would verify nothing (Dolt 2.3.0).
   */
  readonly restartBetweenPhases: boolean;
  /** Whether Dolt starts git or ssh to reach these peers. */
  readonly startsPrograms: boolean;
  /** Whether these peers use only ssh, which ignores proxies; programs that ssh starts get the proxies of the job. */
  readonly overSsh: boolean;
  /** Environment variables, given the engine's private folder. */
  readonly variables: (privateDir: string) => Readonly<Record<string, string>>;
  /** Files below the private folder, by path; only readable by the owner. */
  readonly files: Readonly<Record<string, string>>;
  /** Dolt's global configuration. */
  readonly settings: Readonly<Record<string, string>>;
  /** git settings for the commands that Dolt starts. */
  readonly git: readonly (readonly [key: string, value: string])[];
}

type CredentialParts = Partial<Omit<EngineCredentials, 'key'>> & { readonly apart?: string };

/** @param parts the credentials; `apart` separates peers with otherwise equal credentials into different engines */
export function createEngineCredentials({ apart = '', ...parts }: CredentialParts): EngineCredentials {
  const {
    restartBetweenPhases = false,
    startsPrograms = false,
    overSsh = false,
    files = {},
    settings = {},
    git = [],
  } = parts;
  const variables = parts.variables ?? (() => ({}));
  const key = JSON.stringify([
    apart,
    restartBetweenPhases,
    startsPrograms,
    overSsh,
    variables('/'),
    files,
    settings,
    git,
  ]);
  return { key, restartBetweenPhases, startsPrograms, overSsh, variables, files, settings, git };
}

/** The credentials of an engine without any, such as the one that merges. */
export const NO_CREDENTIALS: EngineCredentials = createEngineCredentials({});
