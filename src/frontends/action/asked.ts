import type { Asked } from '../../commands/command.ts';
import { splitList } from '../../commands/prepare/options.ts';
import { COMMAND_NAMES, COMMANDS, type CommandEntry, type CommandName } from '../../contract/commands.ts';
import type { ReadOption } from '../../contract/option-value.ts';
import type { EventVerdict } from './event.ts';
import type { WrittenInputs } from './inputs.ts';
import { inputChoice, inputValue } from './inputs.ts';

const DEFAULT_COMMAND = 'sync';

/** The commands that the input `command` may name. */
export const ACTION_COMMANDS: readonly CommandName[] = COMMAND_NAMES.filter((name) => {
  const entry: CommandEntry = COMMANDS[name];
  return entry.action;
});

/** @throws Failure `bad-usage` */
export function askedCommand(written: WrittenInputs): CommandName {
  return inputChoice('command', written('command') || DEFAULT_COMMAND, ACTION_COMMANDS);
}

/**
 * Parses the inputs, given the event. `allow-untrusted-event` lets an event write that otherwise may not.
 * @throws Failure `bad-usage` with the input and its allowed values
 */
export function askedByInputs(written: WrittenInputs, event: EventVerdict): Asked {
  const read: ReadOption = (name) => inputValue(name, written(name));
  const credentials = read('credentials');
  return {
    read,
    written: (name) => (written(name) === '' ? undefined : written(name)),
    operands: splitList(read('only')),
    credentials: credentials === undefined ? undefined : { text: credentials },
    reportValues: event.visibility === 'private' ? 'keys' : 'none',
    untrusted: !event.trusted && !read('allow-untrusted-event'),
    allowNoPeers: read('allow-no-peers'),
  };
}
