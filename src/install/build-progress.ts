/** Counts what `go install -v` tells on standard error, and keeps the end of it for an error message. */
export interface BuildProgress {
  readonly line: (text: string) => void;
  /** `12 modules downloaded, 345 packages compiled`. */
  readonly summary: () => string;
  readonly tail: () => string;
}

const TAIL_LINES = 20;
const TAIL_LINE_LENGTH = 400;
/** `-v` prints a bare import path for each package that it compiles. */
const PACKAGE = /^[\w.~-]+(?:\/[\w.~+-]+)*$/;

/** An empty count; it never holds more than the last lines. */
export function buildProgress(): BuildProgress {
  let modules = 0;
  let packages = 0;
  const last: string[] = [];
  return {
    line: (text) => {
      if (text.startsWith('go: downloading ')) modules += 1;
      else if (PACKAGE.test(text)) packages += 1;
      else {
        last.push(text.slice(0, TAIL_LINE_LENGTH));
        if (last.length > TAIL_LINES) last.shift();
      }
    },
    summary: () => `${modules} modules downloaded, ${packages} packages compiled`,
    tail: () => last.join('\n'),
  };
}
