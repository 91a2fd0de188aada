import { getInput } from '@actions/core';
import type { RawRequest } from '../../commands/command.ts';
import { COMMAND_NAMES, COMMANDS, type CommandEntry, type CommandName } from '../../contract/commands.ts';
import type { OptionEntry } from '../../contract/option-entry.ts';
import type { OptionValue, ReadOption } from '../../contract/option-value.ts';
import { OPTIONS, type OptionName } from '../../contract/options.ts';
import { parseChoice, parseOption } from '../../contract/parse-option.ts';
import { forgetEnv } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { type Secrets, secretAndLines } from '../../core/secrets.ts';
import { shownValue } from '../../core/text.ts';
import type { EventVerdict } from './event.ts';

/** An input of the Action: every option that is available as an input, and the command. */
export type InputName = OptionName | 'command';

/** The trimmed text of each input; empty if it was not given. */
export type WrittenInputs = (name: InputName) => string;

/** All inputs of the Action. */
export const INPUT_NAMES: readonly InputName[] = [
  'command',
  ...optionNames((entry) => entry.frontends.includes('action')),
];
const SECRETS: readonly OptionName[] = optionNames((entry) => entry.secret === true);

/**
 * The only reader of the inputs. Reads them all once, adds the secret ones to `secrets`, and removes those from the
 * environment, so that no child inherits them.
 */
export function takeInputs(secrets: Secrets): WrittenInputs {
  const written = new Map(INPUT_NAMES.map((name) => [name, getInput(name)]));
  for (const name of SECRETS) {
    for (const secret of secretAndLines(written.get(name) ?? '')) secrets.add(secret);
  }
  forgetSecretInputs();
  return (name) => written.get(name) ?? '';
}

/** Removes the secret inputs from the environment; the post step does not need them. */
export function forgetSecretInputs(): void {
  forgetEnv(SECRETS.map((name) => `INPUT_${name.toUpperCase()}`));
}

function optionNames(wanted: (entry: OptionEntry) => boolean): OptionName[] {
  return (Object.keys(OPTIONS) as OptionName[]).filter((name) => wanted(OPTIONS[name]));
}

/**
 * One input's value; a blank one is unset and has the table's default.
 * @throws Failure `bad-usage` with the input and its allowed values
 */
export function inputValue<N extends OptionName>(name: N, written: string): OptionValue<N> {
  const parsed = parseOption(name, written.trim() === '' ? undefined : written);
  if (parsed.ok) return parsed.value;
  throw refusal(name, { text: written, allowed: parsed.allowed });
}

/**
 * The one of `choices` that matches the text, in any case.
 * @throws Failure `bad-usage`
 */
export function inputChoice<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const parsed = parseChoice(text, choices);
  if (parsed.ok) return parsed.value;
  throw refusal(name, { text, allowed: parsed.allowed });
}

/** The refusal of an input; `text` is quoted to make blanks and unusual characters visible. */
export function refusal(name: string, refused: { readonly text: string; readonly allowed: string }): Failure {
  return new Failure('bad-usage', `the input ${name} is ${shownValue(refused.text)}, but must be ${refused.allowed}`, {
    hint: `Correct \`${name}\` under \`with:\` of this step, or remove it.`,
  });
}

const DEFAULT_COMMAND = 'sync';

/** The commands that the input `command` may name. */
export const ACTION_COMMANDS: readonly CommandName[] = COMMAND_NAMES.filter((name) => {
  const entry: CommandEntry = COMMANDS[name];
  return entry.action;
});

/** @throws Failure `bad-usage` */
export function commandOfInputs(written: WrittenInputs): CommandName {
  return inputChoice('command', written('command') || DEFAULT_COMMAND, ACTION_COMMANDS);
}

/**
 * Parses the inputs, given the event. `allow-untrusted-event` lets an event write that otherwise may not.
 * @throws Failure `bad-usage` with the input and its allowed values
 */
export function rawRequestOfInputs(written: WrittenInputs, event: EventVerdict): RawRequest {
  const read: ReadOption = (name) => inputValue(name, written(name));
  const [credentials, only] = [read('credentials'), read('only')];
  return {
    read,
    written: (name) => (written(name) === '' ? undefined : written(name)),
    operands: only === undefined ? [] : [only],
    credentials: credentials === undefined ? undefined : { text: credentials },
    reportValues: event.visibility === 'private' ? 'keys' : 'none',
    untrusted: !event.trusted && !read('allow-untrusted-event'),
    visibility: event.visibility,
    gitBranch: event.branch,
    releaseTag: event.releaseTag,
    allowNoPeers: read('allow-no-peers'),
  };
}
