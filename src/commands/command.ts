import type { ConfigOverrides } from '../config/configuration.ts';
import { EXIT, type ExitCode } from '../contract/exit-codes.ts';
import type { ReadOption } from '../contract/option-value.ts';
import type { OptionName } from '../contract/options.ts';
import type { OutputName } from '../contract/outputs.ts';
import type { PullRequestLabel, ReportValues, Visibility } from '../contract/vocabulary.ts';
import { toFailure } from '../core/failure.ts';
import type { GivenCredentials } from '../credentials/load.ts';
import { jobSecrets } from '../credentials/secret-texts.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import type { AlarmSubject } from '../report/alarm/alarms.ts';
import type { Annotation } from '../report/annotations.ts';
import type { TextStyle } from '../report/text/table.ts';
import type { Context } from './context.ts';
import { type Hide, hideInFailure, hideSecrets } from './outcome/hide-secrets.ts';
import { reworded } from './outcome/reword.ts';

/** The unparsed request that a frontend read from its user. Each command parses it. */
export interface RawRequest {
  /** @throws Failure `bad-usage`, worded for the frontend */
  readonly read: ReadOption;
  /** The text of an option; undefined if it was not given. */
  readonly written: (name: OptionName) => string | undefined;
  /** The arguments on the command line, or the peers that the input `only` names. */
  readonly operands: readonly string[];
  /** A file on the command line, a text as an input; undefined: read from the environment. */
  readonly credentials: GivenCredentials | undefined;
  /** The values that reports may show unless the user says otherwise. */
  readonly reportValues: ReportValues;
  /** Whether the event may not write. */
  readonly untrusted: boolean;
  /** Who can read what the job leaves at GitHub. */
  readonly visibility: Visibility;
  /** The branch of the git repository that the event may change; null: unknown, as in a terminal. */
  readonly gitBranch: string | null;
  /** The tag of the release that started the workflow; null: none did. */
  readonly releaseTag: string | null;
  /** Whether a run without any configured peer is only a warning. */
  readonly allowNoPeers: boolean;
}

/** How a text is shown. */
export interface Shown extends TextStyle {
  /** `config` only: say where each value came from. */
  readonly showOrigin: boolean;
  /** Whether it is the log of a step, where no other command can follow. */
  readonly inStep?: boolean;
}

/** One outcome in every form that a frontend may need. */
export interface Rendered {
  /** The result, as `--json` prints it. */
  readonly json: unknown;
  /** Text for people; ends with a line break unless it is empty. */
  readonly text: (show: Shown) => string;
  /** Whether lines of the text are commands for a runner. */
  readonly hasCommands?: boolean;
  /** Outputs of the Action besides `result`; `status` defaults to `success`. */
  readonly outputs?: () => Readonly<Partial<Record<OutputName, string>>>;
  /** Files that the Action writes for later steps, by the output that names each. */
  readonly files?: () => Readonly<Partial<Record<OutputName, { readonly name: string; readonly text: string }>>>;
  /** The job summary, in markdown. */
  readonly summary?: () => string;
  /** The report for the pull request, if one started the step, of at most so many bytes; absent: as a comment takes. */
  readonly pullRequest?: (budget?: number) => PullRequestReport;
  /** How the run ended for those who are alerted; absent: as its exit code says. */
  readonly alarm?: () => readonly AlarmSubject[];
  /** @param failing whether the step fails */
  readonly annotations?: (failing: boolean) => readonly Annotation[];
  /** The message of a failed step. */
  readonly verdict?: string;
}

/** The result for a pull request. */
export interface PullRequestReport {
  /** The comment, in markdown. */
  readonly text: string;
  /** null: the result says nothing about the pull request. `no change` needs no comment. */
  readonly label: PullRequestLabel | null;
}

/** The part of a request that all commands share. */
interface AnyRequest {
  readonly dolt?: DoltRequest;
  readonly overrides?: ConfigOverrides;
  readonly untrusted?: boolean;
  readonly reportValues?: ReportValues;
}

/** A command, with its own types. */
interface CommandDefinition<Request extends AnyRequest, Outcome> {
  /** @throws Failure `bad-usage` if a value does not fit its option */
  readonly parse: (raw: RawRequest) => Request;
  /** @throws Failure if the command as a whole fails */
  readonly run: (request: Request, context: Context) => Promise<Outcome>;
  readonly render: (outcome: Outcome, request: Request) => Rendered;
  /** Absent: a command that ends is a success. */
  readonly exitCode?: (outcome: Outcome, request: Request) => ExitCode;
}

/** A command of the table; only its definition knows its types. */
export interface Command {
  readonly prepare: (raw: RawRequest) => PreparedCommand;
}

/** A command with the request that its `parse` made. */
export interface PreparedCommand {
  /** The properties that every command may have; frontends read `untrusted`. */
  readonly request: AnyRequest;
  /** Runs the command. The outcome contains none of the secrets of the run. */
  readonly run: (context: Context) => Promise<Finished>;
}

/** How a command ended, and how to show it. */
export interface Finished {
  readonly exitCode: ExitCode;
  readonly rendered: Rendered;
}

/** A row of the command table. */
export function defineCommand<Request extends AnyRequest, Outcome>(
  definition: CommandDefinition<Request, Outcome>,
): Command {
  return {
    prepare: (raw) => {
      const request = definition.parse(raw);
      return {
        request,
        run: async (context) => {
          const { env, secrets } = context;
          for (const secret of jobSecrets(env, request.dolt?.githubToken)) secrets.add(secret);
          const hide: Hide = (text) => secrets.hide(text);
          try {
            const hidden = hideSecrets(await definition.run(request, context), hide);
            const outcome = context.reword === undefined ? hidden : reworded(hidden, context.reword);
            const exitCode = definition.exitCode?.(outcome, request) ?? EXIT.ok;
            return { exitCode, rendered: definition.render(outcome, request) };
          } catch (thrown) {
            // An error may quote any value of a configuration, also one that should not be there.
            throw hideInFailure(toFailure(thrown), (text) => secrets.redact(text), request.reportValues);
          }
        },
      };
    },
  };
}
