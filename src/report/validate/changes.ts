import type { ChangeResult, Problem, ValidateResult } from '../../contract/result.ts';
import { CONFIG_CHANGES } from '../../contract/vocabulary.ts';
import { placeOf } from '../../core/failure.ts';
import { counted, plain } from '../../core/text.ts';
import { code } from '../markdown.ts';
import { pathFrom } from './paths.ts';

/** The problems besides the notices about dangerous changes, which the list of changes has as well. */
export function problemsBesides({ problems }: ValidateResult): readonly Problem[] {
  return problems.filter(({ code: name, severity }) => name !== 'config-change' || severity === 'error');
}

/** How many changes there are, in words; empty if the configuration was compared with none. */
export function changesText({ changes }: ValidateResult): string {
  if (changes === undefined) return '';
  const dangerous = changes.filter(isDangerous).length;
  const some = changes.length === 0 ? 'no changes' : counted(changes.length, 'change');
  return `, ${some}${dangerous === 0 ? '' : ` (${dangerous} dangerous)`}`;
}

export function isDangerous({ kind }: ChangeResult): boolean {
  return CONFIG_CHANGES[kind].dangerous;
}

/** One line for each change. */
export function changeLines({ changes = [] }: ValidateResult): readonly string[] {
  return changes.map(({ kind, peer, setting, before, after }) => {
    const subject = peer === null ? setting : `${peer}: ${setting}`;
    return plain(`${kind}: ${subject}: ${before ?? 'none'} -> ${after ?? 'none'}`);
  });
}

/** The commit that the configuration was compared with, and whether its branch has gone on; empty if there is none. */
export function baseText({ base }: ValidateResult): string {
  if (base === undefined) return '';
  const behind = base.behind === 0 ? '' : `, ${counted(base.behind, 'commit')} behind its base`;
  return ` · compared with ${code(base.commit.slice(0, SHORT_COMMIT))}${behind}`;
}

const SHORT_COMMIT = 12;

/** The table of changes, as markdown cells. */
export function changeTable(result: ValidateResult, root: string) {
  return { columns: ['', 'Change', 'Peer', 'Setting', 'Before', 'After', 'Place'], rows: changeRows(result, root) };
}

function* changeRows(result: ValidateResult, root: string): Generator<readonly string[]> {
  for (const change of result.changes ?? []) {
    const { kind, peer, setting, before, after, file, line, column } = change;
    // The heading names the file.
    const place =
      file === null ? '' : placeOf({ file: file === result.file ? null : pathFrom(root, file), line, column });
    yield [
      isDangerous(change) ? '⚠️' : '',
      kind,
      code(peer ?? ''),
      code(setting),
      code(before ?? ''),
      code(after ?? ''),
      code(place),
    ];
  }
}
