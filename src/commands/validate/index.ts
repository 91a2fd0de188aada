import { isAbsolute } from 'node:path';
import { configuredPlace } from '../../beads/workspace.ts';
import { type ConfigSource, type Inspection, inspectConfiguration } from '../../config/build.ts';
import type { ConfigOverrides } from '../../config/configuration.ts';
import { readSource } from '../../config/load.ts';
import { comparePlaces } from '../../config/problems.ts';
import { repositoryOf } from '../../config/workspace/repository.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import type { Matrix, Problem, ValidateResult } from '../../contract/result.ts';
import { CONFIG_CHANGES, type PullRequestLabel, type ReportFormat, type Role } from '../../contract/vocabulary.ts';
import { asError, type Diagnostic } from '../../core/diagnostic.ts';
import { Failure, placeOf, toFailure } from '../../core/failure.ts';
import { redact } from '../../core/secrets.ts';
import { problemAnnotations } from '../../report/annotations.ts';
import { COMMENT_BUDGET_BYTES, SUMMARY_BUDGET_BYTES } from '../../report/summary.ts';
import { sarifText } from '../../report/validate/sarif.ts';
import { reportText, validateJson, validateSummary, verdict } from '../../report/validate/text.ts';
import { localFolders } from '../../sync/remotes/file-remote.ts';
import { defineCommand, type RawRequest } from '../command.ts';
import type { Context } from '../context.ts';
import { matrixOf } from '../fan-out/matrix.ts';
import { toProblem } from '../outcome/problems.ts';
import { guarded, NO_GUARDS, readDatabaseGuards } from '../prepare/base/database-guards.ts';
import { searchOf } from '../prepare/base/source-at.ts';
import { requestedConfig, requestedPeers, requestedRoles } from '../prepare/options.ts';
import { selectPeers } from '../select-peers.ts';
import { type Checked, type Compared, type CompareRequest, compareWithBase, requestedChanges } from './changes.ts';
import { checkConfiguration, checkFolders, checkPresence, checkText, placeRefusal } from './checks.ts';

export interface ValidateRequest extends CompareRequest {
  /** How to divide peers among the legs of a fan-out; absent: not at all. */
  readonly divide?: DivideRequest | undefined;
  readonly format: ReportFormat;
  /** Folders of `file://` peers are not read. */
  readonly untrusted: boolean;
}

export interface DivideRequest {
  /** Maximum number of legs. */
  readonly shards: number;
  /** Peer names, and roles of peers; empty = all. */
  readonly only: readonly string[];
  readonly onlyRoles: readonly Role[];
  /** Whether a configuration without any peer is only a warning. */
  readonly allowNoPeers: boolean;
}

/** The findings, and the folders to which file names in reports are relative. */
export interface Validated {
  readonly result: ValidateResult;
  /** Folder of the repository. */
  readonly root: string;
  /** Folder of the user. */
  readonly cwd: string;
}

/**
 * Every problem of the configuration, each with its position. It reads the files of the configuration and, for local
 * endpoints, whether a database is in the folder; it starts no program and contacts no host but GitHub's API, for what
 * a pull request changes.
 */
export async function validate(request: ValidateRequest, context: Context): Promise<Validated> {
  const { file, peers, diagnostics, compared, matrix } = await inspect(request, context);
  const problems = diagnostics.toSorted(compare).map(shownProblem);
  const isInvalid = problems.some(({ severity }) => severity === 'error');
  const status = isInvalid ? 'invalid' : 'valid';
  return {
    result: {
      version: 1,
      command: 'validate',
      status,
      file,
      peers,
      problems,
      ...compared,
      ...(matrix === undefined || isInvalid ? {} : { matrix }),
    },
    root: await rootOf(context),
    cwd: context.cwd,
  };
}

interface Found {
  /** The configuration file, or the file that prevents finding it; null: there is none. */
  readonly file: string | null;
  /** Number of peers. */
  readonly peers: number;
  readonly diagnostics: readonly Diagnostic[];
  /** Empty if the configuration cannot be read as a whole: its invalid parts would count as removed. */
  readonly compared: Omit<Compared, 'diagnostics'>;
  /** Legs of a fan-out; absent: none were requested, or the configuration cannot be read as a whole. */
  readonly matrix?: Matrix | undefined;
}

async function inspect(request: ValidateRequest, context: Context): Promise<Found> {
  const { overrides, untrusted } = request;
  const source = await readSource(context, overrides).catch((thrown: unknown) => toFailure(thrown));
  if (source instanceof Failure)
    return {
      file: source.location?.file ?? null,
      peers: 0,
      diagnostics: source.problems.map(asError),
      compared: {},
    };
  const { file } = source;
  const { problems, text, configuration, place, guards } = await inspectWithGuards(source, context, overrides);
  const errors = problems.map(asError);
  const diagnostics = [...errors, ...(text === null ? [] : withoutKnown(checkText(text), errors))];
  if (text === null || configuration === null) return { file, peers: 0, diagnostics, compared: {} };
  const refusal = placeRefusal(configuration, place);
  const found = [
    ...withoutSame(refusal?.problems ?? [], problems),
    ...(await checkConfiguration(configuration, text, {
      isComplete: problems.length === 0,
      env: context.env,
      folders: untrusted ? new Map() : await localFolders(configuration.peers),
    })),
    ...(untrusted ? [] : await checkFolders(configuration.peers)),
    ...(problems.length === 0 ? checkPresence(configuration, request.divide?.allowNoPeers === false) : []),
  ];
  const { diagnostics: about, ...compared } =
    problems.length === 0
      ? await compareWithBase(request, context, { source, configuration, place, guards })
      : NOT_COMPARED;
  const peers = configuration.peers.length;
  const { divide } = request;
  const matrix =
    divide === undefined || problems.length > 0
      ? undefined
      : matrixOf(selectPeers(configuration, divide), divide.shards);
  return { file, peers, diagnostics: [...diagnostics, ...found, ...about], compared, matrix };
}

/** The configuration with the settings of bd and the guards around its database, which a run reads as well. */
async function inspectWithGuards(
  source: ConfigSource,
  context: Context,
  overrides: ConfigOverrides,
): Promise<Inspection & Pick<Checked, 'place' | 'guards'>> {
  const found = inspectConfiguration(source, context.env, overrides);
  const place = await configuredPlace(searchOf(source, context));
  const { configuration } = found;
  if (configuration === null) return { ...found, place, guards: NO_GUARDS };
  const read = async () => await readDatabaseGuards(configuration, place, context);
  const { problem, ...known } = await guarded(configuration, read);
  return { ...found, ...known, problems: [...found.problems, ...(problem?.problems ?? [])], place };
}

const NOT_COMPARED: Compared = { diagnostics: [] };

/** Files of bd that are read twice have each problem twice. */
function withoutSame(found: readonly Failure[], known: readonly Failure[]): readonly Diagnostic[] {
  const messages = new Set(known.map(({ message }) => message));
  return found.filter(({ message }) => !messages.has(message)).map(asError);
}

/** Without the secrets that were already found by what their keys mean. */
function withoutKnown(found: readonly Diagnostic[], errors: readonly Diagnostic[]): readonly Diagnostic[] {
  const secrets = errors.filter(({ code }) => code === 'secret-in-config');
  const lines = new Set(secrets.map(({ location }) => location?.line));
  return found.filter(({ code, location }) => code !== 'secret-in-config' || !lines.has(location?.line));
}

function compare(one: Diagnostic, other: Diagnostic): number {
  return comparePlaces(one.location ?? null, other.location ?? null);
}

/** A problem for reports: without what has the form of a secret, and with the name of an input in its message. */
function shownProblem(diagnostic: Diagnostic): Problem {
  const { location } = diagnostic;
  const shown = toProblem(diagnostic);
  const [message, hint] = [redact(shown.message), redact(shown.hint)];
  if (location === undefined || isAbsolute(location.file)) return { ...shown, message, hint };
  return { ...shown, message: `${message} (at ${placeOf(location)})`, hint, file: null, line: null, column: null };
}

/** The folder that GitHub names files relative to: the workspace of a job, else the root of the repository. */
async function rootOf({ env, cwd }: Context): Promise<string> {
  const workspace = env['GITHUB_WORKSPACE'];
  if (workspace !== undefined && isAbsolute(workspace)) return workspace;
  return (await repositoryOf(cwd))?.root ?? cwd;
}

/** A valid configuration that was compared with none says nothing about changes. */
function labelOf({ status, changes }: ValidateResult): PullRequestLabel | null {
  if (status === 'invalid') return 'failed';
  if (changes === undefined) return null;
  if (changes.some(({ kind }) => CONFIG_CHANGES[kind].dangerous)) return 'dangerous change';
  return changes.length > 0 ? 'change' : 'no change';
}

function requestedLegs({ read, operands, allowNoPeers }: RawRequest): DivideRequest | undefined {
  const shards = read('shards');
  const onlyRoles = requestedRoles(read('only-role'));
  return shards === undefined ? undefined : { shards, only: requestedPeers(operands), onlyRoles, allowNoPeers };
}

export const validateCommand = defineCommand({
  parse: (raw): ValidateRequest => ({
    format: raw.read('format'),
    base: raw.read('base'),
    failOnChange: requestedChanges(raw.read('fail-on-change')),
    divide: requestedLegs(raw),
    untrusted: raw.untrusted,
    overrides: requestedConfig(raw.read),
  }),
  run: validate,
  render: (validated, { format }) => {
    const { result, root } = validated;
    return {
      json: result,
      text: (style) => reportText(validated, format, style),
      hasCommands: format === 'github',
      outputs: () => ({
        status: result.status === 'valid' ? 'success' : 'failed',
        result: validateJson(result),
        ...(result.matrix === undefined ? {} : { matrix: JSON.stringify(result.matrix) }),
      }),
      files: () => ({ 'sarif-path': { name: 'validate.sarif', text: sarifText(result, root) } }),
      summary: () => validateSummary(validated, SUMMARY_BUDGET_BYTES),
      pullRequest: (budget = COMMENT_BUDGET_BYTES) => ({
        text: validateSummary(validated, budget),
        label: labelOf(result),
      }),
      annotations: () => problemAnnotations(result.problems),
      verdict: `the configuration has ${verdict(result)}`,
    };
  },
  exitCode: ({ result }) => (result.status === 'valid' ? EXIT.ok : EXIT.usage),
});
