import type { DoctorResult } from '../contract/doctor-result.ts';
import type {
  AddPeerResult,
  ConfigEntry,
  InstallResult,
  ListPeersResult,
  RemovePeerResult,
  ResolveResult,
  RunResult,
} from '../contract/result.ts';
import type { Location } from '../core/failure.ts';
import { addPeer } from './add-peer.ts';
import { config } from './config.ts';
import type { Context } from './context.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { federate } from './federate.ts';
import { install } from './install.ts';
import { listPeers } from './list-peers.ts';
import { removePeer } from './remove-peer.ts';
import type { Request } from './request.ts';
import { resolve } from './resolve.ts';

/** What a command gave back; `command` tells the faces which result they hold. */
export type Outcome =
  | {
      readonly command: 'sync' | 'pull' | 'push' | 'status';
      readonly result: RunResult;
      /** Executable that was used; null where none was needed. */
      readonly doltPath: string | null;
      /** Where each peer that took part is configured, by name; those that stand in no file are absent. */
      readonly locations: Readonly<Record<string, Location>>;
    }
  | { readonly command: 'add-peer'; readonly result: AddPeerResult }
  | { readonly command: 'remove-peer'; readonly result: RemovePeerResult }
  | { readonly command: 'resolve'; readonly result: ResolveResult }
  | { readonly command: 'list-peers'; readonly result: ListPeersResult }
  | { readonly command: 'config'; readonly result: readonly ConfigEntry[] }
  | { readonly command: 'doctor'; readonly result: DoctorResult }
  | { readonly command: 'install'; readonly result: InstallResult }
  | {
      readonly command: 'demo';
      /** The last sync of each town, in the order of the towns. */
      readonly towns: readonly { readonly name: string; readonly result: RunResult }[];
    };

/**
 * Carries out what a user asked for.
 * @throws Failure for everything that stops the command as a whole
 */
export async function execute(request: Request, context: Context): Promise<Outcome> {
  switch (request.command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return { command: request.command, ...(await federate(request, context)) };
    case 'add-peer':
      return { command: request.command, result: await addPeer(request, context) };
    case 'remove-peer':
      return { command: request.command, result: await removePeer(request, context) };
    case 'resolve':
      return { command: request.command, result: await resolve(request, context) };
    case 'list-peers':
      return { command: request.command, result: await listPeers(request, context) };
    case 'config':
      return { command: request.command, result: await config(request, context) };
    case 'doctor':
      return { command: request.command, result: await doctor(request, context) };
    case 'install':
      return { command: request.command, result: await install(request, context) };
    case 'demo':
      return { command: request.command, ...(await demo(request, context)) };
  }
}
