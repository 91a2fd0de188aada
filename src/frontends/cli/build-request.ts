import { requestedLeases, requestedRewrites } from '../../commands/prepare/leases.ts';
import { requestedBranch, requestedConfig, requestedDolt, requestedRoles } from '../../commands/prepare/options.ts';
import type { GivenCredentials, Request } from '../../commands/request.ts';
import type { ReadOption } from '../../contract/option-value.ts';
import type { OptionName } from '../../contract/options.ts';
import type { ReportValues } from '../../contract/vocabulary.ts';
import type { ParsedCommand } from './command-tree.ts';
import { commandDefault } from './command-tree.ts';
import { optionValue } from './option-value.ts';

/**
 * The request that a parsed command line stands for.
 * @param reportValues what may be shown where the user did not say: it depends on who looks.
 * @throws Failure `bad-usage` where a value does not fit its option.
 */
export function buildRequest(parsed: ParsedCommand, reportValues: ReportValues): Request {
  const read: ReadOption = (name) =>
    optionValue(name, parsed.flags[attribute(name)] ?? commandDefault(parsed.command, name));
  const [first = '', second = ''] = parsed.operands;
  const dolt = requestedDolt(read, { versionIsGiven: parsed.flags[attribute('dolt-version')] !== undefined });
  const shared = { database: read('database'), overrides: requestedConfig(read), dolt };
  switch (parsed.command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return {
        ...shared,
        ...federateOptions(read),
        command: parsed.command,
        only: parsed.operands,
        reportValues: read('report-values') ?? reportValues,
      };
    case 'add-peer':
      return {
        command: 'add-peer',
        name: first,
        endpoint: second,
        role: read('role'),
        tier: read('tier'),
        branch: read('branch'),
        conflict: read('conflict'),
        user: read('user'),
        ref: read('ref'),
        timeout: writtenTimeout(parsed, read),
        live: writtenLive(read),
        register: read('register'),
        ...shared,
      };
    case 'remove-peer':
      return { command: 'remove-peer', name: first, ...shared };
    case 'resolve':
      return {
        command: 'resolve',
        file: read('file'),
        maxDelete: read('max-delete'),
        mergeTimeout: read('merge-timeout'),
        ...shared,
      };
    case 'list-peers':
      return { command: 'list-peers', overrides: shared.overrides };
    case 'config list':
      return { command: 'config', key: null, overrides: shared.overrides };
    case 'config get':
      return { command: 'config', key: first, overrides: shared.overrides };
    case 'doctor':
      return {
        ...shared,
        command: 'doctor',
        only: parsed.operands,
        branch: requestedBranch(read('branch')),
        credentials: credentialsFile(read),
        untrusted: false,
      };
    case 'install':
      return { command: 'install', dolt };
    case 'demo':
      return { command: 'demo', dolt };
  }
}

/** A peer's own time stands in the file as it was written; where none was, the run's holds. */
function writtenTimeout({ flags }: ParsedCommand, read: ReadOption): string | undefined {
  const written = flags[attribute('timeout')];
  if (typeof written !== 'string') return undefined;
  read('timeout');
  return written;
}

function writtenLive(read: ReadOption): boolean | undefined {
  const live = read('live');
  return live === undefined ? undefined : live === 'true';
}

function federateOptions(read: ReadOption) {
  return {
    onlyRoles: requestedRoles(read('only-role')),
    leases: requestedLeases('force-with-lease', read('force-with-lease')),
    rewrites: requestedRewrites(read),
    dryRun: read('dry-run'),
    fixRemotes: read('fix-remotes'),
    failOn: read('fail-on'),
    retries: read('retries'),
    timeout: read('timeout'),
    mergeTimeout: read('merge-timeout'),
    credentials: credentialsFile(read),
    parallel: read('parallel'),
    bootstrap: read('bootstrap'),
    initEmpty: read('init-empty'),
    maxDelete: read('max-delete'),
    branch: requestedBranch(read('branch')),
    untrusted: false,
  };
}

function credentialsFile(read: ReadOption): GivenCredentials | undefined {
  const file = read('credentials');
  return file === undefined ? undefined : { file };
}

/** `dry-run` as the parser stores it: `dryRun`. */
function attribute(name: OptionName): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
