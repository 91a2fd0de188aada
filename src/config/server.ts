import { z } from 'zod';
import { text } from './value-schemas.ts';

/** The running server of the database, from `federation.server`. */
export interface ServerSetting {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Name of the database there; null: the name of its folder. */
  readonly database: string | null;
  /** Port of its remotesapi, for a server that cannot read files of this machine; null: it can. */
  readonly remotesapi: number | null;
}

const port = z
  .number({ error: 'must be a port number' })
  .refine((written) => Number.isInteger(written) && written >= 1 && written <= 65_535, {
    error: 'must be from 1 to 65535',
  });
/** No name of a host contains these; they would be another part of an address. */
const host = text.refine((written) => !/[/@\s:[\]]/.test(written) || /^[0-9A-Fa-f:]+$/.test(written), {
  error: 'must be a host name or an address, without scheme and port',
});

export const serverSetting = z
  .strictObject(
    {
      host: host.default('127.0.0.1'),
      port,
      user: text.default('root'),
      database: text.nullable().default(null),
      remotesapi: port.nullable().default(null),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `has an unknown key: ${issue.keys.join(', ')}`
          : 'must be a mapping such as {host: 127.0.0.1, port: 3306}',
    },
  )
  .nullable();

/** Whether a server runs on this machine, as far as its address says. */
export function isOnThisMachine({ host: name }: Pick<ServerSetting, 'host'>): boolean {
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The server in messages, and the address of its credentials. */
export function serverText({ host: name, port: number }: Pick<ServerSetting, 'host' | 'port'>): string {
  return name.includes(':') ? `[${name}]:${number}` : `${name}:${number}`;
}
