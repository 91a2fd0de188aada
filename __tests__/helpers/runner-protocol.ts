/** A command that a step gave the runner on standard output. */
export interface WorkflowCommand {
  readonly command: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

const COMMAND = /^::([a-z-]+)(?: ([^:]*))?::(.*)$/;

/** Every command in a step's standard output, read as the runner does: a line is one when it begins with `::`. */
export function readCommands(stdout: string): WorkflowCommand[] {
  return stdout.split(/\r\n|\r|\n/).flatMap((line) => {
    const found = COMMAND.exec(line.trimStart());
    if (found === null) return [];
    const [, command = '', properties = '', message = ''] = found;
    const pairs = properties.split(',').flatMap((pair) => {
      const [name, value] = pair.split('=');
      return name === undefined || value === undefined ? [] : [[name, decode(value)] as const];
    });
    return [{ command, properties: Object.fromEntries(pairs), message: decode(message) }];
  });
}

/** The values in a file of GITHUB_OUTPUT's form; the last one of a name wins. */
export function readKeyValues(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const block = /^([^\n<]+)<<(\S+)\n([\s\S]*?)\n\2$/gm;
  const rest = text.replace(block, (_, name: string, __, value: string) => {
    values[name] = value;
    return '';
  });
  if (rest.trim() !== '') throw new Error(`not in the form of the runner's files: ${rest}`);
  return values;
}

function decode(text: string): string {
  return text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
}
