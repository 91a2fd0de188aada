import { requestedLeases, requestedRewrites } from '../../commands/prepare/leases.ts';
import {
  requestedBranch,
  requestedConfig,
  requestedDolt,
  requestedRoles,
  splitList,
} from '../../commands/prepare/options.ts';
import type {
  DoctorRequest,
  DoltRequest,
  GivenCredentials,
  InstallRequest,
  SyncRequest,
} from '../../commands/request.ts';
import { COMMANDS, type CommandEntry, type CommandName } from '../../contract/commands.ts';
import type { ReadOption } from '../../contract/option-value.ts';
import type { EventVerdict } from './event.ts';
import type { WrittenInputs } from './inputs.ts';
import { inputChoice, inputValue } from './inputs.ts';

/** What the Action can be asked for. */
export type ActionRequest = SyncRequest | DoctorRequest | InstallRequest;

const DEFAULT_COMMAND = 'sync';

/**
 * The request that the inputs stand for, on this event. An event that may not write gets a dry run that opens no local
 * endpoint, unless `allow-untrusted-event` says otherwise; it may install.
 * @throws Failure `bad-usage` naming the input and what it allows
 */
export function actionRequest(written: WrittenInputs, event: EventVerdict): ActionRequest {
  const read: ReadOption = (name) => inputValue(name, written(name));
  const command = inputChoice('command', written('command') || DEFAULT_COMMAND, ACTION_COMMANDS);
  switch (command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return { ...federateRequest(command, read, event), dolt: doltRequest(read, written) };
    case 'doctor':
      return { ...doctorRequest(read, event), dolt: doltRequest(read, written) };
    case 'install':
      return { command, dolt: doltRequest(read, written) };
  }
}

function doctorRequest(read: ReadOption, event: EventVerdict): Omit<DoctorRequest, 'dolt'> {
  return {
    command: 'doctor',
    credentials: given(read('credentials')),
    only: namedPeers(read),
    database: read('database'),
    branch: requestedBranch(read('branch')),
    untrusted: isUntrusted(read, event),
    overrides: requestedConfig(read),
  };
}

function isUntrusted(read: ReadOption, event: EventVerdict): boolean {
  return !event.trusted && !read('allow-untrusted-event');
}

function namedPeers(read: ReadOption): readonly string[] {
  return splitList(read('only'));
}

function federateRequest(
  command: SyncRequest['command'],
  read: ReadOption,
  event: EventVerdict,
): Omit<SyncRequest, 'dolt'> {
  const untrusted = isUntrusted(read, event);
  return {
    command,
    only: namedPeers(read),
    onlyRoles: requestedRoles(read('only-role')),
    leases: requestedLeases('force-with-lease', read('force-with-lease')),
    rewrites: requestedRewrites(read),
    dryRun: untrusted || read('dry-run'),
    fixRemotes: read('fix-remotes'),
    failOn: read('fail-on'),
    retries: read('retries'),
    timeout: read('timeout'),
    mergeTimeout: read('merge-timeout'),
    credentials: given(read('credentials')),
    parallel: read('parallel'),
    bootstrap: read('bootstrap'),
    initEmpty: read('init-empty'),
    maxDelete: read('max-delete'),
    database: read('database'),
    branch: requestedBranch(read('branch')),
    reportValues: read('report-values') ?? (event.visibility === 'private' ? 'keys' : 'none'),
    untrusted,
    overrides: requestedConfig(read),
  };
}

function doltRequest(read: ReadOption, written: WrittenInputs): DoltRequest {
  return {
    ...requestedDolt(read, { versionIsGiven: written('dolt-version') !== '' }),
    githubToken: read('github-token'),
  };
}

function given(text: string | undefined): GivenCredentials | undefined {
  return text === undefined ? undefined : { text };
}

type ActionCommand = {
  [N in CommandName]: (typeof COMMANDS)[N]['action'] extends true ? N : never;
}[CommandName];

/** The commands that the input `command` may name. */
export const ACTION_COMMANDS: readonly ActionCommand[] = (Object.keys(COMMANDS) as CommandName[]).filter(
  isActionCommand,
);

function isActionCommand(name: CommandName): name is ActionCommand {
  const entry: CommandEntry = COMMANDS[name];
  return entry.action;
}
