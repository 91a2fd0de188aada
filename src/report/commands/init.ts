import type { InitResult } from '../../contract/result.ts';
import { plain } from '../../core/text.ts';
import { plainLines } from '../plain.ts';
import { wrap } from '../text/wrap.ts';
import { placeholders } from './workflow.ts';

/**
 * The actions of `init`, the missing requirements, and the workflow to copy, which is not wrapped.
 * @param columns of the terminal; null: a pipe, where lines are not wrapped
 */
export function initText(result: InitResult, columns: number | null): string {
  const { file, peer, endpoint, checks, notes, workflow } = result;
  const findings = checks.flatMap(({ status, check, peer: about, message, cure }) => [
    `${status}: ${[check, about].filter((part) => part !== null).join(' ')}: ${plain(message)}`,
    ...plainLines(cure ?? '').map((line) => `  ${line}`),
  ]);
  const secrets = workflow.secrets.map(({ name, value }) => `  ${name}  ${value}`);
  const before = [
    `wrote ${plain(file)}: the primary ${peer} is ${plain(endpoint)}`,
    ...notes.map((note) => `note: ${plain(note)}`),
    ...findings,
    '',
    `Workflow to copy into ${workflow.path} (replace ${placeholders(workflow.text)}):`,
    '',
  ];
  const after = [
    '',
    ...(secrets.length === 0
      ? ['Secrets to set in the repository: none']
      : ['Secrets to set in the repository (Settings, Secrets and variables, Actions):', ...secrets]),
    '',
    ...nextSteps(result),
  ];
  const fitting = (lines: readonly string[]) => lines.flatMap((line) => wrap(line, '  ', columns));
  const lines = [...fitting(before), ...workflow.text.trimEnd().split('\n').map(plain), ...fitting(after)];
  return lines.map((line) => `${line}\n`).join('');
}

function nextSteps({ database, peer, toClone }: InitResult): readonly string[] {
  if (!toClone)
    return [
      'Next, publish this database: dolt-federation sync',
      'Then add the databases of others: dolt-federation add-peer <name> <endpoint>',
    ];
  return [
    `There is no database in ${plain(database)} yet. If ${peer} has the issues, clone it: dolt-federation sync`,
    'To begin with the issues of another team:',
    '  dolt-federation add-peer <name> <endpoint>',
    '  dolt-federation sync --bootstrap <name>',
  ];
}
