import type { DoctorResult } from '../../contract/doctor-result.ts';
import type {
  AddPeerResult,
  ConfigEntry,
  InstallResult,
  ListPeersResult,
  RemovePeerResult,
  ResolveResult,
  RunResult,
} from '../../contract/result.ts';
import type { Location } from '../../core/failure.ts';

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
