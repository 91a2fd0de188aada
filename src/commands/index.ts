import type { CommandName } from '../contract/commands.ts';
import { addPeerCommand } from './add-peer.ts';
import { backupCommand } from './backup/index.ts';
import type { Command } from './command.ts';
import { completionCommand } from './completion.ts';
import { configGetCommand, configListCommand } from './config.ts';
import { configSetCommand, configUnsetCommand } from './config-edit.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor/index.ts';
import { exportCommand } from './export.ts';
import { initCommand } from './init.ts';
import { installCommand } from './install.ts';
import { listPeersCommand } from './list-peers.ts';
import { removePeerCommand } from './remove-peer.ts';
import { reportCommand } from './report/index.ts';
import { resolveCommand } from './resolve.ts';
import { setPeerCommand } from './set-peer.ts';
import { syncCommand } from './sync-commands.ts';
import { validateCommand } from './validate/index.ts';
import { versionCommand } from './version.ts';

/** Every command. A new one is a file that defines it, a row here, and a row in contract/commands.ts. */
export const COMMAND_TABLE: Readonly<Record<CommandName, Command>> = {
  init: initCommand,
  sync: syncCommand('sync'),
  pull: syncCommand('pull'),
  push: syncCommand('push'),
  backup: backupCommand,
  status: syncCommand('status'),
  plan: syncCommand('plan'),
  'add-peer': addPeerCommand,
  'set-peer': setPeerCommand,
  'remove-peer': removePeerCommand,
  resolve: resolveCommand,
  export: exportCommand,
  report: reportCommand,
  'list-peers': listPeersCommand,
  'config list': configListCommand,
  'config get': configGetCommand,
  'config set': configSetCommand,
  'config unset': configUnsetCommand,
  validate: validateCommand,
  doctor: doctorCommand,
  install: installCommand,
  completion: completionCommand,
  version: versionCommand,
  demo: demoCommand,
};
