import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Listening, listen } from '../__tests__/helpers/servers/listen.ts';
import { renaming } from '../__tests__/helpers/servers/naming-front.ts';

/** A slow line to a port of this machine. */
export interface Line extends Listening {
  /** The bytes that came from the port so far. */
  received(): number;
}

/**
 * Opens a line: all its connections share the bandwidth of each direction, and every byte comes later. A remotesrv names its
 * own port for table files; the line puts its own port there.
 */
export async function openLine(port: number, to: { readonly mbits: number; readonly delayMs: number }): Promise<Line> {
  const bytesPerMs = (to.mbits * 1_000) / 8;
  const direction = () => {
    let freeAt = 0;
    let bytes = 0;
    const carry = async (from: Socket, target: Socket, rename: (chunk: Buffer) => Buffer): Promise<void> => {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        if (!(chunk instanceof Buffer)) continue;
        bytes += chunk.length;
        freeAt = Math.max(freeAt, performance.now()) + chunk.length / bytesPerMs;
        await delay(freeAt - performance.now());
        // Timers of one length keep their order.
        setTimeout(() => target.write(rename(chunk)), to.delayMs);
      }
      setTimeout(() => target.end(), to.delayMs);
    };
    return { carry, bytes: () => bytes };
  };
  const [up, down] = [direction(), direction()];
  let own = '';
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const end = () => {
      client.destroy();
      peer.destroy();
    };
    for (const socket of [client, peer]) socket.on('error', end);
    up.carry(client, peer, (chunk) => chunk).catch(end);
    down.carry(peer, client, renaming(`localhost:${port}`, own)).catch(end);
  });
  const listening = await listen(server);
  own = `localhost:${listening.port}`;
  if (own.length !== `localhost:${port}`.length) throw new Error(`the ports ${port} and ${own} are not equally long`);
  return { ...listening, received: () => down.bytes() };
}
