/** What one engine has besides what every engine has: the credentials of the peers it speaks to, and nobody else's. */
export interface EngineCredentials {
  /** Equal for peers that may share an engine. It holds the secrets themselves and is never shown. */
  readonly key: string;
  /**
   * Whether an engine is ended before the next phase of a run: for one second after it spoke to a git remote it answers
   * from memory, so that reading again would prove nothing (Dolt 2.3.0).
   */
  readonly restartBetweenPhases: boolean;
  /** Whether Dolt starts other programs, git or ssh, to speak to these peers. */
  readonly startsPrograms: boolean;
  /** Whether it speaks over ssh alone, which knows no proxies: what ssh starts gets those of the job. */
  readonly overSsh: boolean;
  /** Variables of the environment, given the engine's private folder. */
  readonly variables: (privateDir: string) => Readonly<Record<string, string>>;
  /** Files below the private folder, by path; nobody else may read them. */
  readonly files: Readonly<Record<string, string>>;
  /** Dolt's user-wide settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** Settings of git, for the commands that Dolt starts. */
  readonly git: readonly (readonly [key: string, value: string])[];
}

type CredentialParts = Partial<Omit<EngineCredentials, 'key'>> & { readonly apart?: string };

/**
 * @param parts what the engine has; `apart` keeps peers with otherwise equal kits in engines of their own
 */
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

/** Of an engine that holds no credential of anybody: the one that merges. */
export const NO_CREDENTIALS: EngineCredentials = createEngineCredentials({});
