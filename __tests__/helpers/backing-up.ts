import { backup } from '../../src/commands/backup/backup.ts';
import type { BackupOptions } from '../../src/commands/backup/request.ts';
import { runResultSchema } from '../../src/contract/result.ts';
import { type Commanded, type CommandOptions, commandContext, requestOf } from './commanding.ts';
import { openRemote } from './database.ts';
import type { TempFolder } from './temp-folder.ts';

type Options = Omit<CommandOptions, 'command'> & Partial<BackupOptions>;

/** Runs `backup` as the frontends do. `peers` is YAML, as for the input. */
export async function backUp(folder: TempFolder, peers: string, options: Options = {}): Promise<Commanded> {
  const { tag = 'v1', drill = 'head', required = null, proof = null } = options;
  const log: string[] = [];
  const { result } = await backup(
    {
      ...requestOf(peers, { retries: 0, ...options }),
      command: 'backup',
      backup: { tag, drill, required, proof },
    },
    commandContext(folder, options, log),
  );
  return { result: runResultSchema.parse(result), log };
}

/** The branch and the tags of a remote. */
export interface RemoteRefs {
  readonly main: string;
  readonly tags: Readonly<Record<string, string>>;
}

let looks = 0;

/** Reads a remote as another person would. */
export async function remoteRefs(folder: TempFolder, url: string): Promise<RemoteRefs> {
  looks += 1;
  const copy = await openRemote(url, folder.file(`look-${looks}`, 'copy'));
  const rows = await copy.rows(
    "SELECT name, hash FROM dolt_branches WHERE name = 'main' UNION ALL SELECT CONCAT('tag ', tag_name), tag_hash FROM dolt_tags",
  );
  const refs = rows.map(({ name, hash }) => [String(name), String(hash)] as const);
  return {
    main: refs.find(([name]) => name === 'main')?.[1] ?? '',
    tags: Object.fromEntries(refs.flatMap(([name, hash]) => (name.startsWith('tag ') ? [[name.slice(4), hash]] : []))),
  };
}
