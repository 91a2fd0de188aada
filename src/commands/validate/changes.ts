import { join } from 'node:path';
import { writtenExports } from '../../beads/export-settings.ts';
import type { ConfiguredPlace } from '../../beads/workspace.ts';
import { type ConfigSource, inspectConfiguration } from '../../config/build.ts';
import { type ConfigChange, compareConfigurations } from '../../config/compare/configurations.ts';
import type { ConfigOverrides, Configuration, Sourced } from '../../config/configuration.ts';
import type { ChangeResult, ValidateResult } from '../../contract/result.ts';
import { CHANGE_KINDS, CONFIG_CHANGES, type ConfigChangeKind } from '../../contract/vocabulary.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, type Location } from '../../core/failure.ts';
import { splitList } from '../../core/lists.ts';
import { redact } from '../../core/secrets.ts';
import { suggestion } from '../../core/suggestion.ts';
import { counted, shorten } from '../../core/text.ts';
import type { Unread } from '../../github/base-commit.ts';
import type { Context } from '../context.ts';
import { type DatabaseGuards, guarded, readDatabaseGuards } from '../prepare/base/database-guards.ts';
import { readBase } from './base.ts';
import { placeRefusal } from './checks.ts';

export interface CompareRequest {
  /** File, or folder with a checkout, to compare with; undefined: what the event proposes to change. */
  readonly base: string | undefined;
  readonly failOnChange: readonly ConfigChangeKind[];
  readonly overrides: ConfigOverrides;
}

/** A valid configuration with the guards around its database. */
export interface Checked {
  readonly source: ConfigSource;
  readonly configuration: Configuration;
  readonly place: ConfiguredPlace;
  readonly guards: DatabaseGuards;
}

/** The changes of a configuration, with the diagnostics about them; without `changes` if it was compared with none. */
export interface Compared extends Pick<ValidateResult, 'changes' | 'base'> {
  readonly diagnostics: readonly Diagnostic[];
}

const DANGEROUS = 'dangerous';

/**
 * The kinds of changes that `fail-on-change` names.
 * @throws Failure `bad-usage`
 */
export function requestedChanges(text: string | undefined): readonly ConfigChangeKind[] {
  const words = splitList(text, /[\s,]+/);
  // It must not refuse nothing.
  if (text !== undefined && words.length === 0) words.push(text);
  const kinds = words.flatMap((word) => {
    if (word === DANGEROUS) return CHANGE_KINDS.filter((kind) => CONFIG_CHANGES[kind].dangerous);
    const kind = CHANGE_KINDS.find((one) => one === word);
    if (kind !== undefined) return [kind];
    const near = suggestion(word, [...CHANGE_KINDS, DANGEROUS]);
    throw new Failure('bad-usage', `fail-on-change contains ${JSON.stringify(word)}, which is no kind of change`, {
      hint: `${near === null ? '' : `Did you mean \`${near}\`? `}Use \`${DANGEROUS}\`, or some of ${CHANGE_KINDS.join(', ')}.`,
    });
  });
  return [...new Set(kinds)];
}

/**
 * Compares a valid configuration with the one before.
 * @throws Failure `bad-usage` if `fail-on-change` is set and there is nothing to compare with, `config-unreadable`
 */
export async function compareWithBase(request: CompareRequest, context: Context, checked: Checked): Promise<Compared> {
  const { source, configuration, place, guards } = checked;
  const { failOnChange, overrides } = request;
  const file = source.file ?? join(context.cwd, '.beads', 'config.yaml');
  const base = await readBase(request, context);
  if (base === null) return { diagnostics: failOnChange.length === 0 ? [] : [nothingProposed(file)] };
  if (base.kind === 'unread') return { diagnostics: [unreadable(base, failOnChange, file)] };
  const before = base.kind === 'text' ? { ...checked, source: { ...source, text: base.text }, problem: null } : base;
  const found = inspectConfiguration(sourceOf(before.source, source), context.env, overrides);
  // Unreadable parts of the old one count as new.
  const old =
    found.configuration ?? inspectConfiguration({ ...before.source, text: null }, context.env, overrides).configuration;
  const known =
    old === null
      ? null
      : await guarded(old, async () =>
          base.kind === 'read' ? base.guards : await readDatabaseGuards(old, place, context),
        );
  const changes =
    known === null
      ? []
      : compareConfigurations(
          {
            ...known.configuration,
            ...placeBefore(before, place),
            freeze: freezeAt(known.guards.freeze),
            exports: writtenExports(before.source),
          },
          { ...configuration, ...place, freeze: freezeAt(guards.freeze), exports: writtenExports(source) },
        );
  const refusal = before.problem ?? known?.problem ?? (old === null ? null : placeRefusal(old, before.place));
  const { commit = null, behind = 0, isMerged = false } = (base.kind === 'read' ? base.of : undefined) ?? {};
  return {
    changes: changes.map(shownChange),
    ...(commit === null ? {} : { base: { commit, behind } }),
    diagnostics: [
      ...(refusal === null && found.problems.length === 0 ? [] : [invalidBase(failOnChange, file)]),
      ...(behind === 0 || isMerged ? [] : [branchBehind(behind, file)]),
      ...changes.flatMap((change) => changeDiagnostics(change, failOnChange)),
    ],
  };
}

/** Only the presence of the file counts. */
function freezeAt(file: string | null): Sourced<string> | null {
  return file === null ? null : { value: file, origin: { layer: 'file', location: { file } } };
}

/** Without any workspace there was nothing to federate, so the defaults are those of the new one. */
function sourceOf(before: ConfigSource, { workspace, isBeads }: ConfigSource): ConfigSource {
  return isNone(before) ? { ...before, workspace, ...(isBeads === undefined ? {} : { isBeads }) } : before;
}

/** The same for the database: the new one replaces none. */
function placeBefore(
  { source, place }: { readonly source: ConfigSource; readonly place: ConfiguredPlace },
  { bdDatabase }: ConfiguredPlace,
): ConfiguredPlace {
  return isNone(source) ? { ...place, bdDatabase } : place;
}

function isNone({ file, workspace }: ConfigSource): boolean {
  return file === null && workspace === null;
}

function unreadable({ reason, hint }: Unread, failOnChange: readonly ConfigChangeKind[], file: string): Diagnostic {
  const message = `the configuration before the change could not be read: ${reason}`;
  return unknownBase(failOnChange, { message, ...(hint === undefined ? {} : { hint }), location: { file } });
}

/** Such a workflow also runs on pushes, so that is no error. */
function nothingProposed(file: string): Diagnostic {
  const message =
    'the event of this job proposes no change, so nothing was compared, and `--fail-on-change` has no effect';
  const hint = 'Run the check on `pull_request` or `merge_group`.';
  return { severity: 'notice', code: 'nothing-compared', message, hint, location: { file } };
}

function invalidBase(failOnChange: readonly ConfigChangeKind[], file: string): Diagnostic {
  const message = 'the configuration before the change is invalid; its invalid parts count as absent';
  return unknownBase(failOnChange, { message, hint: 'Compare the two files yourself.', location: { file } });
}

/** A change of a refused kind may be hidden. */
function unknownBase(
  failOnChange: readonly ConfigChangeKind[],
  problem: Omit<Diagnostic, 'severity' | 'code'>,
): Diagnostic {
  return { severity: failOnChange.length > 0 ? 'error' : 'warning', code: 'base-unreadable', ...problem };
}

function branchBehind(behind: number, file: string): Diagnostic {
  const message = `the branch lacks ${counted(behind, 'commit')} of its base, so the configuration was checked without them`;
  return { severity: 'warning', code: 'branch-behind', message, location: { file } };
}

/** A refused change is an error, and a dangerous one a notice, at its line. */
function changeDiagnostics(change: ConfigChange, failOnChange: readonly ConfigChangeKind[]): Diagnostic[] {
  const { kind, peer, setting, before, after } = shownChange(change);
  const isRefused = failOnChange.includes(kind);
  if (!isRefused && !CONFIG_CHANGES[kind].dangerous) return [];
  const subject = peer === null ? setting : `${setting} of ${peer}`;
  const values = [before, after].map((value) => value ?? 'none').join(' -> ');
  const location = placeOf(change);
  return [
    {
      severity: isRefused ? 'error' : 'notice',
      code: 'config-change',
      message: `${kind}: ${CONFIG_CHANGES[kind].meaning} (${subject}: ${values})`,
      ...(peer === null ? {} : { peer }),
      ...(location === null ? {} : { location }),
    },
  ];
}

/** A removed peer has no place in the new file. */
function placeOf({ kind, origin }: ConfigChange): Location | null {
  return origin.layer === 'file' && kind !== 'peer-removed' ? origin.location : null;
}

/** Longer values make a report unreadable; the file has them. */
const MAX_VALUE = 300;

function shownChange(change: ConfigChange): ChangeResult {
  const { kind, peer, setting, before, after } = change;
  const location = placeOf(change);
  const shown = (value: string | null) => (value === null ? null : shorten(redact(value), MAX_VALUE));
  return {
    kind,
    peer,
    setting,
    before: shown(before),
    after: shown(after),
    file: location?.file ?? null,
    line: location?.line ?? null,
    column: location?.column ?? null,
  };
}
