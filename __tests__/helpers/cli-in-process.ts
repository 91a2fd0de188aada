import { runCli } from '../../src/frontends/cli/run-cli.ts';

interface CliProcess {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether standard output and standard error are terminals. */
  readonly isTTY?: boolean;
}

/** A word that a shell does not change, or one in single quotes. */
const WORD = String.raw`([\w./:,=@+-]+)|'([^']*)'`;
/** A line of shell that is one command of ours. */
const PLAIN = new RegExp(`^dolt-federation(?: (?:${WORD}))*$`);

/** The words of a line of shell; null: the line needs a shell. */
export function plainWords(line: string): readonly string[] | null {
  if (!PLAIN.test(line)) return null;
  const words = [...line.matchAll(new RegExp(`(?<= )(?:${WORD})(?= |$)`, 'g'))];
  return words.map(([, bare, quoted]) => bare ?? quoted ?? '');
}

/** A stream of a process that keeps its text. */
function keeping(stream: NodeJS.WriteStream, isTTY: boolean) {
  let text = '';
  const write = (chunk: string, done?: () => void) => {
    text += chunk;
    done?.();
    return true;
  };
  const own = new Map<PropertyKey, unknown>([
    ['isTTY', isTTY],
    ['write', write],
    ['on', () => undefined],
  ]);
  const set = (_: unknown, name: PropertyKey, value: unknown) => own.set(name, value) === own;
  return { stream: new Proxy<NodeJS.WriteStream>(stream, { get: (_, name) => own.get(name), set }), text: () => text };
}

/** Runs a command line in this process: a start of Node takes more time than most commands. */
export async function cliInProcess(words: readonly string[], { cwd, env, isTTY = false }: CliProcess) {
  const [stdout, stderr] = [keeping(process.stdout, isTTY), keeping(process.stderr, isTTY)];
  const stdin = new Proxy(process.stdin, { get: () => undefined });
  const streams = { stdin, stdout: stdout.stream, stderr: stderr.stream };
  const exitCode = await runCli(words, { ...streams, env, cwd, home: env['HOME'] ?? null });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}
