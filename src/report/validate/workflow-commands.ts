import type { Annotation } from '../annotations.ts';
import { plainLines } from '../plain.ts';
import { pathFrom } from './paths.ts';

/**
 * Annotations as workflow commands, which a runner reads from the log of any step
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
 */
export function workflowCommands(annotations: readonly Annotation[], root: string): string {
  return annotations.map((annotation) => `${workflowCommand(annotation, root)}\n`).join('');
}

function workflowCommand({ severity, title, message, file, line, column }: Annotation, root: string): string {
  const properties = Object.entries({ file: file === null ? null : pathFrom(root, file), line, col: column, title })
    .flatMap(([name, value]) => (value === null ? [] : [`${name}=${escapeProperty(String(value))}`]))
    .join(',');
  return `::${severity} ${properties}::${escapeData(plainLines(message).join('\n'))}`;
}

/** The escapes of the runner (actions/runner, ActionCommand.cs). */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
