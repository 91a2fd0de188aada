import { defineCommand } from '../command.ts';
import { offerDatabase } from '../editing/save-database.ts';
import { exitCodeOf } from '../outcome/exit-code.ts';
import { mayWrite } from '../request.ts';
import { renderRun, syncRequest } from '../sync-commands.ts';
import { backup } from './backup.ts';
import { type BackupRequest, requestedBackup } from './request.ts';
import { refuseUnwritable } from './write-proof.ts';

export const backupCommand = defineCommand({
  parse: (raw): BackupRequest => ({
    ...syncRequest('backup', raw),
    command: 'backup',
    backup: requestedBackup(raw),
  }),
  run: async (request, context) => {
    await refuseUnwritable(request, context);
    const outcome = await backup(request, context);
    if (mayWrite(request)) await offerDatabase(request, context);
    return outcome;
  },
  render: (outcome, request) => renderRun(outcome, request),
  exitCode: ({ result }, { failOn }) => exitCodeOf(result, failOn),
});
