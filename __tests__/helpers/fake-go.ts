import { join } from 'node:path';
import { program } from './installing.ts';

interface FakeGo {
  readonly version?: string;
  /** The output of `go env GOTOOLCHAIN`. */
  readonly toolchain?: string;
  /** Shell lines of `go install`; `$GOBIN` is where the executable belongs. */
  readonly install?: readonly string[];
}

/** Shell lines that put a Dolt of that version where `go install` does. */
export const makesDolt = (version: string): readonly string[] => [
  'mkdir -p "$GOBIN"',
  `printf '#!/bin/sh\\necho dolt version ${version}\\n' > "$GOBIN/dolt"`,
  'chmod +x "$GOBIN/dolt"',
];

/** A program called `go` that answers the three questions an installation asks, and records its arguments. */
export function fakeGo(folder: string, options: FakeGo = {}): Promise<string> {
  const { version = 'go1.26.8', toolchain = 'local', install = makesDolt('2.3.0') } = options;
  return program(
    join(folder, 'go'),
    `echo "$@" >> "${folder}/go.calls"`,
    'case "$1" in',
    `version) echo "go version ${version} linux/amd64" ;;`,
    `env) echo "${toolchain}" ;;`,
    `install) env > "${folder}/go.env"`,
    ...install,
    ';;',
    'esac',
  );
}
