import { writeFile } from 'node:fs/promises';
import { join, win32 } from 'node:path';
import { z } from 'zod';
import { parseYaml } from '../config/yaml/parse.ts';
import { type Env, homeFolder } from '../core/env.ts';
import { Failure, systemCode } from '../core/failure.ts';
import { isFolder, readIfThere, readSmallText } from '../core/files.ts';
import { parsedJson } from '../core/json.ts';
import type { ProxyNote, ServerFiles } from './bd-server.ts';
import { parsedBdJson } from './metadata.ts';
import type { BdUsage } from './workspace.ts';
import type { ClientInfo } from './workspace-settings.ts';

const externalSchema = z.looseObject({
  host: z.string().default(''),
  port: z.number().default(0),
  socket: z.string().default(''),
  user: z.string().default(''),
  tls_required: z.boolean().default(false),
});
const clientInfoSchema = z.looseObject({ root_path: z.string().optional(), external: externalSchema.optional() });
const CLIENT_INFO_KEYS = [...Object.keys(clientInfoSchema.shape), ...Object.keys(externalSchema.shape)];

/**
 * Reads `proxied_server_client_info.json`. bd 1.3.0 refuses a file that it cannot read, because it would then work in
 * an empty database.
 * @param beads real path of `.beads`
 * @returns null if there is no such file, as after a plain `bd init --proxied-server`
 * @throws Failure `config-invalid`, `config-unreadable`
 */
export async function readClientInfo(beads: string): Promise<ClientInfo | null> {
  const file = join(beads, 'proxied_server_client_info.json');
  const text = await readIfThere(file);
  if (text === null) return null;
  const parsed = clientInfoSchema.safeParse(parsedBdJson(text, file, CLIENT_INFO_KEYS));
  if (!parsed.success) {
    throw new Failure('config-invalid', `${file} is not what bd writes: ${parsed.error.issues[0]?.message ?? ''}`, {
      location: { file },
    });
  }
  const { root_path: rootPath, external } = parsed.data;
  return {
    file,
    rootPath: rootPath === undefined || rootPath === '' ? null : rootPath,
    external:
      external === undefined
        ? null
        : {
            host: external.host,
            port: external.port,
            socket: external.socket,
            user: external.user === '' ? 'root' : external.user,
            tls: external.tls_required,
          },
  };
}

/**
 * Reads what the files of bd say about its server. They are notes of processes that may have ended, so a file that is
 * missing or damaged says nothing.
 * @param stateFolder where bd keeps the notes of its server: `.beads`, or the folder of the shared server
 * @param dataFolder the folder with the databases; null: unknown
 */
export async function readServerFiles(
  stateFolder: string,
  dataFolder: string | null,
  { env, userHome }: { readonly env: Env; readonly userHome: boolean },
): Promise<ServerFiles> {
  const inData = async (name: string) => (dataFolder === null ? '' : await readSmallText(join(dataFolder, name)));
  const credentials = env['BEADS_CREDENTIALS_FILE'] ?? (userHome ? credentialsFile(env) : null);
  const state = async (name: string) => (await readSmallText(join(stateFolder, name))).trim();
  return {
    portFile: portIn(await state('dolt-server.port')),
    pid: positive(await state('dolt-server.pid')),
    listenerPort: listenerPort(await inData('config.yaml')),
    proxy: proxyNote(await inData('proxy.pid')),
    childPid: positive(processNote(await inData('proxy-child.pid'))?.pid),
    credentials: credentials === null ? null : await readSmallText(credentials),
  };
}

function processNote(text: string) {
  const schema = z.looseObject({ pid: z.number(), port: z.number(), birth: z.string().optional() });
  return schema.safeParse(parsedJson(text)).data;
}

function proxyNote(text: string): ProxyNote | null {
  const note = processNote(text);
  const [pid, port] = [positive(note?.pid), portIn(note?.port)];
  return pid === null || port === null ? null : { pid, port, birth: note?.birth ?? null };
}

function positive(value: unknown): number | null {
  const pid = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof pid === 'number' && Number.isInteger(pid) && pid > 0 ? pid : null;
}

/** The file with the passwords of servers (bd 1.3.0): below APPDATA on Windows, else below the home, if there is one. */
export function credentialsFile(env: Env, platform: string = process.platform): string | null {
  const base = platform === 'win32' ? env['APPDATA'] : undefined;
  if (base !== undefined) return win32.join(base, 'beads', 'credentials');
  const home = env['HOME'] ?? homeFolder();
  return home === null ? null : join(home, '.config', 'beads', 'credentials');
}

function listenerPort(text: string): number | null {
  try {
    const { document } = parseYaml(text, 'config.yaml');
    return portIn(document.getIn(['listener', 'port']));
  } catch {
    return null;
  }
}

function portIn(value: unknown): number | null {
  const port = positive(value);
  return port !== null && port <= 65_535 ? port : null;
}

/** The version of bd whose layout a clone has. */
const VERSION = '1.3.0';

/**
 * Writes the version file of bd into a workspace in server mode that has none. A fresh checkout has none, and with a data
 * folder bd 1.3.0 takes it for a workspace from before 1.0, and refuses every command (measured).
 */
export async function writeVersionWitness({ mode, guarded: [beads = ''] }: BdUsage): Promise<void> {
  if (mode !== 'server' || !(await isFolder(join(beads, 'dolt')))) return;
  try {
    await writeFile(join(beads, '.local_version'), `${VERSION}\n`, { flag: 'wx', mode: 0o600 });
  } catch (thrown) {
    if (systemCode(thrown) !== 'EEXIST') throw thrown;
  }
}
