import { z } from 'zod';
import type { ValueForm } from '../contract/peer-options.ts';
import { suggestion } from '../core/suggestion.ts';
import { shownValue } from '../core/text.ts';
import { text } from './value-schemas.ts';

/** The running server of the database, from `federation.server`. */
export interface ServerSetting {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Name of the database there; null: the name of its folder. */
  readonly database: string | null;
  /** Port of its remotesapi, for a server that cannot use files of this user; null: it can. */
  readonly remotesapi: number | null;
  /** Whether it is reached over TLS, at both ports. */
  readonly tls: boolean;
}

const EXPECTED = 'must be a mapping such as {host: 127.0.0.1, port: 3306}';

/** The number of a TCP port. */
export const port = z
  .number({
    error: ({ input }) =>
      input === undefined ? 'is missing' : `must be a port number from 1 to 65535, not ${shownValue(input)}`,
  })
  .refine((written) => Number.isInteger(written) && written >= 1 && written <= 65_535, {
    error: 'must be from 1 to 65535',
  });
/** No name of a host contains these; they would be another part of an address. */
const host = text.refine((written) => !/[/@\s:[\]]/.test(written) || /^[0-9A-Fa-f:]+$/.test(written), {
  error: 'must be a host name or an address, without scheme and port',
});

/** The keys of `federation.server`. */
export const SERVER_KEYS = ['host', 'port', 'user', 'database', 'remotesapi', 'tls'] as const;
type ServerKey = (typeof SERVER_KEYS)[number];

const FIELDS = {
  host: host.default('127.0.0.1'),
  port,
  user: text.default('root'),
  database: text.nullable().default(null),
  remotesapi: port.nullable().default(null),
  tls: z.boolean({ error: 'must be true or false' }).optional(),
} satisfies Readonly<Record<ServerKey, z.ZodType>>;

/** How `config set` writes the values. */
export const SERVER_FORMS: Readonly<Record<ServerKey, ValueForm>> = {
  host: 'text',
  port: 'number',
  user: 'text',
  database: 'text',
  remotesapi: 'number',
  tls: 'boolean',
};

function unknownKeys(keys: string): string {
  const near = suggestion(keys, SERVER_KEYS);
  return `has an unknown key: ${keys}${near === null ? '' : `; did you mean ${near}?`}`;
}

export const serverSetting = z
  .strictObject(FIELDS, {
    error: ({ code, ...issue }) => (code === 'unrecognized_keys' ? unknownKeys(String(issue['keys'])) : EXPECTED),
  })
  .transform((written, context): ServerSetting => {
    const tls = written.tls ?? !isOnThisMachine(written);
    if (!tls && !isOnThisMachine(written)) {
      const message =
        'must be true for a server on another machine: rows and passwords would cross the network unencrypted';
      context.addIssue({ code: 'custom', path: ['tls'], message });
    }
    return { ...written, tls };
  })
  .nullable();

/** Whether a server runs on this machine, judging by its address alone. */
export function isOnThisMachine({ host: name }: Pick<ServerSetting, 'host'>): boolean {
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The server in messages, and the address of its credentials. */
export function serverText({ host: name, port: number }: Pick<ServerSetting, 'host' | 'port'>): string {
  return name.includes(':') ? `[${name}]:${number}` : `${name}:${number}`;
}

/** The remote at the remotesapi port of a server; null: no such port is set. */
export function remotesapiUrl(server: ServerSetting, database: string): string | null {
  const { host: name, remotesapi, tls } = server;
  if (remotesapi === null) return null;
  return `${tls ? 'https' : 'http'}://${serverText({ host: name, port: remotesapi }).toLowerCase()}/${database}`;
}

/**
 * The forms of a server that the allowed patterns are compared with, one for each port that gets the password; `database`
 * is empty if no name is set.
 */
export function serverForms(server: ServerSetting): readonly string[] {
  const database = server.database ?? '';
  const remote = remotesapiUrl(server, database);
  const sql = `mysql://${serverText(server).toLowerCase()}/${database}`;
  return remote === null ? [sql] : [sql, remote];
}
