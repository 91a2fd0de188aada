import type { Env } from '../core/env.ts';

/** What a Go build may inherit: programs, folders, the way out, the compiler. No token and no credential of the job. */
const INHERITED = [
  ...['PATH', 'Path', 'HOME', 'USERPROFILE', 'LOCALAPPDATA', 'TMPDIR', 'TMP', 'TEMP', 'SystemRoot', 'SYSTEMROOT'],
  ...['GOPATH', 'GOMODCACHE', 'GOCACHE', 'GOROOT', 'GOTOOLCHAIN', 'GOFLAGS', 'GOTMPDIR'],
  ...['GOPROXY', 'GONOPROXY', 'GOPRIVATE', 'GOSUMDB', 'GONOSUMDB', 'GOINSECURE'],
  ...['CC', 'CXX', 'CGO_CFLAGS', 'CGO_CPPFLAGS', 'CGO_CXXFLAGS', 'CGO_LDFLAGS'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'XDG_CACHE_HOME', 'RUNNER_TRACKING_ID'],
];

interface GoFolders {
  /** Where `go install` puts the executable. */
  readonly bin: string;
  /** Home folder for the caches of Go, where the environment names none. */
  readonly home: string;
}

/** The environment of a Go build, from scratch. Dolt 2.3.0 needs cgo (it does not build without). */
export function goEnvironment(env: Env, { bin, home }: GoFolders): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { HOME: home, ...Object.fromEntries(inherited), GOBIN: bin, CGO_ENABLED: '1' };
}
