import type { OptionEntry } from '../../contract/option-entry.ts';
import { OPTIONS } from '../../contract/options.ts';

/** A flag in a message, such as `--database`, `--adopt peer=hash` or `--no-init-empty`. */
const FLAG = /`--(no-)?([a-z][a-z0-9-]*)(?:[ =]([^`]*))?`/g;

/** Messages name options as flags. In a workflow they are inputs: `database`, `adopt: peer=hash`, `init-empty: false`. */
export function inputWords(text: string): string {
  return text.replace(FLAG, (whole, no: string | undefined, name: string, given: string | undefined) => {
    if (!isInput(name)) return whole;
    const value = no === undefined ? given : 'false';
    return value === undefined ? `\`${name}\`` : `\`${name}: ${value}\``;
  });
}

function isInput(name: string): boolean {
  const options: Readonly<Record<string, OptionEntry>> = OPTIONS;
  return options[name]?.frontends.includes('action') ?? false;
}
