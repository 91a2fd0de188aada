import type { ResolveResult } from '../../contract/result.ts';
import { counted, plain } from '../../core/text.ts';

type Decided = Pick<ResolveResult, 'peers' | 'rows' | 'restored' | 'dropped'>;

/** The coming changes of a resolve, in one sentence. */
export function intendedText(decided: Decided, branch: string): string {
  const { peers, restored } = decided;
  const parts = actions(decided, ['merge', 'restore', 'drop']);
  const [first = '', ...others] = peers.length + restored === 0 ? parts : [...parts, `move ${branch}`];
  const sentence = [first, ...others].join(', ').replace(/, (?=[^,]*$)/, ' and ');
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function actions(
  { peers, rows, restored, dropped }: Decided,
  [merge, restore, drop]: readonly [merge: string, restore: string, drop: string],
): string[] {
  return [
    ...(peers.length === 0 ? [] : [`${merge} ${peers.map(plain).join(', ')} with ${counted(rows, 'row')} as chosen`]),
    ...(restored === 0 ? [] : [`${restore} ${counted(restored, 'row')}`]),
    ...(dropped === 0 ? [] : [`${drop} ${counted(dropped, 'row')}`]),
  ];
}

/** How a resolve ended, and what comes next. */
export function resolvedText(result: ResolveResult): string {
  const { status, branch, head, rows, restored, dropped, open, conflictsPath = '', alreadyThere = 0 } = result;
  const file = plain(conflictsPath);
  switch (status) {
    case 'unchanged':
      return 'no conflicts to resolve\n';
    case 'stopped': {
      const decided = rows + restored + dropped;
      const kept = decided === 0 ? '' : `The answers are kept in ${file}\n`;
      const next = 'To continue, run `dolt-federation resolve`';
      return `${decided} of ${counted(decided + open, 'row')} decided; nothing was changed.\n${kept}${next}\n`;
    }
    case 'success': {
      const left = open === 0 ? '' : `\n${counted(open, 'row')} ${open === 1 ? 'is' : 'are'} undecided in ${file}`;
      const there = alreadyThere === 0 ? [] : [`${counted(alreadyThere, 'row')} had the chosen values already`];
      const done = [...actions(result, ['merged', 'restored', 'dropped']), ...there].join(', ');
      return `${done}: ${plain(branch ?? '')} is at ${head}\nTo publish it, run \`dolt-federation sync\`${left}\n`;
    }
  }
}
