import type { PeerResult, RunResult } from '../contract/result.ts';
import { bytesText, counted } from '../core/text.ts';
import { duration, minute, shortHash } from './figures.ts';

/** Shows a name or a path in the format of the report. */
type Quote = (text: string) => string;

/** The commit of a backup, and how many peers have it; empty for other commands, and if the run ended too early. */
export function backupLines({ backup, dryRun, peers }: RunResult, quote: Quote): string[] {
  if (backup === undefined || backup.commit === null) return [];
  const what = backup.tag === null ? quote(backup.commit) : `${quote(backup.tag)} at ${quote(backup.commit)}`;
  if (dryRun === true) {
    const would = (backup.wouldTag ?? []).map(quote).join(', ');
    return [`backup of ${what}: nothing was pushed${would === '' ? '' : `; the tag would be pushed to ${would}`}`];
  }
  const needed = backup.required === null ? '' : `, ${backup.required} required`;
  const counts = `${backup.copies} of ${counted(peers.length, 'peer')} ${has(backup)}${needed}`;
  return [`backup of ${what}: ${counts}`, ...(backup.proof === null ? [] : [`proof: ${quote(backup.proof)}`])];
}

/** Columns of the table of backups, for the job summary. */
export const BACKUP_COLUMNS = [
  ...['Peer', 'Drill', 'Last proven', 'Tag', 'Database hash', 'Tables', 'Rows', 'Size', 'Growth', 'Time'],
];

/** The backups of a run that proved something or tried to. */
export function backupRows({ backup, peers }: RunResult, quote: Quote): string[][] {
  if (backup === undefined) return [];
  return peers.flatMap(({ name, drill }) => {
    if (drill === undefined) return [];
    const { databaseHash, tables, durationMs } = drill;
    const rows = tables?.reduce((sum, table) => sum + table.rows, 0);
    return [
      [
        quote(name),
        drill.kind,
        minute(drill.lastProvenAt),
        drill.tag ?? NOTHING,
        quote(shortHash(databaseHash)),
        String(tables?.length ?? NOTHING),
        String(rows ?? NOTHING),
        sizeText(drill),
        growthText(drill),
        durationMs === null ? NOTHING : duration(durationMs),
      ],
    ];
  });
}

const NOTHING = '-';

/** A drill of one peer proves nothing about the others. */
function has({ drill, copies }: NonNullable<RunResult['backup']>): string {
  const verb = copies === 1 ? 'has' : 'have';
  return drill === 'off' || drill === 'rotate' ? `${verb} the commit` : `${verb} the proven commit`;
}

type Drilled = NonNullable<PeerResult['drill']>;

/** The size of a backup; `-`: unknown. */
export function sizeText({ bytes: size }: Pick<Drilled, 'bytes'>): string {
  return size === null ? NOTHING : bytesText(size);
}

/** The result of a drill, with the last proof if another run made it. */
export function drillText({ kind, lastProvenAt }: Pick<Drilled, 'kind' | 'lastProvenAt'>): string {
  return kind === 'proven' || lastProvenAt === null ? kind : `${kind}, proven ${minute(lastProvenAt)}`;
}

/** How much a backup grew since the last run; `-`: no earlier size is known here. */
export function growthText({ growth }: Pick<Drilled, 'growth'>): string {
  if (growth === null) return NOTHING;
  return growth < 0 ? `-${bytesText(-growth)}` : `+${bytesText(growth)}`;
}
