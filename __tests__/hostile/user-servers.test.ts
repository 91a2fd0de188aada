import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { Secrets } from '../../src/core/secrets.ts';
import { openUserServer } from '../../src/dolt/server/user-server.ts';
import { failureOf } from '../helpers/thrown.ts';

/** A packet of the protocol. */
function packet(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence % 256;
  return Buffer.concat([head, body]);
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const COLUMN = Buffer.concat([
  ...['def', '', '', '', 'Database', ''].map(text),
  Buffer.from([12, 63, 0, 0, 1, 0, 0, 253, 0, 0, 0, 0, 0]),
]);
const END = Buffer.from([0xfe, 0, 0, 2, 0]);
const BEGIN = Buffer.concat([packet(1, Buffer.from([1])), packet(2, COLUMN), packet(3, END)]);
const rows = (count: number, sequence: (index: number) => number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => packet(sequence(index), LONG)));
const LONG = Buffer.concat([Buffer.from([0xfd, 0, 0x80, 0]), Buffer.alloc(0x80_00, 'x')]);

/** Sends without an end, as fast as the other side reads. */
function sendEndlessly(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

const LATE = /did not answer in time/;

/** The behaviour of a server after the first statement, and the message about it. */
const SERVERS: readonly (readonly [string, (socket: Socket) => void, RegExp])[] = [
  ['nothing', () => undefined, LATE],
  [
    'one packet without an end',
    (socket) => sendEndlessly(socket, packet(1, Buffer.alloc(0xff_ff_ff))),
    /sent more than/,
  ],
  [
    'rows without an end',
    (socket) => {
      socket.write(BEGIN);
      // The number of a packet has one byte, so that 256 of them repeat.
      sendEndlessly(
        socket,
        rows(256, (index) => index + 4),
      );
    },
    /sent more than/,
  ],
  [
    'rows that are out of order',
    (socket) => {
      socket.write(BEGIN);
      sendEndlessly(
        socket,
        rows(10, () => 4),
      );
    },
    /out of order/,
  ],
  [
    'a question for a file',
    (socket) => void socket.write(packet(1, Buffer.concat([Buffer.from([0xfb]), Buffer.from('/etc/passwd')]))),
    LATE,
  ],
];

const GREETING = packet(
  0,
  Buffer.concat([
    Buffer.from('\u000a8.0.33\0'),
    Buffer.from([7, 0, 0, 0, ...Buffer.from('12345678'), 0, 0xff, 0xf7, 33, 2, 0, 0xff, 0xc1, 21]),
    Buffer.alloc(10),
    Buffer.from('123456789012\0mysql_native_password\0'),
  ]),
);
const WELCOME = packet(2, Buffer.from([0, 0, 0, 2, 0, 0, 0]));

/** A server that accepts every user, and calls `answer` at the first statement of each connection. */
async function hostileServer(answer: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(GREETING);
    socket.once('data', () => {
      socket.write(WELCOME);
      socket.once('data', () => answer(socket));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    /** Resolves when the client has left: open connections would keep its process alive. */
    left: () => Promise.all(sockets.map(closed)),
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function closed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    if (socket.closed) resolve();
    socket.resume().once('close', () => resolve());
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
}

function connectTo(port: number, options: { readonly milliseconds: number; readonly signal: AbortSignal }) {
  const address = { port, socket: null, user: 'root', password: 'secret' };
  return openUserServer({ address, database: 'db', name: 'it', secrets: new Secrets(), ...options });
}

const NEVER = new AbortController().signal;

test.each(SERVERS)('a server that sends %s does not block a run', async (_, answer, why) => {
  using server = await hostileServer(answer);
  const milliseconds = why === LATE ? 1_000 : 60_000;
  const failure = await failureOf(() => connectTo(server.port, { milliseconds, signal: NEVER }));
  expect(failure).toMatchObject({ code: 'server-unreachable', message: expect.stringMatching(why) });
  await server.left();
});

test('an interrupted run does not wait for a server', async () => {
  const controller = new AbortController();
  using server = await hostileServer(() => controller.abort());
  const failure = await failureOf(() => connectTo(server.port, { milliseconds: 600_000, signal: controller.signal }));
  expect(failure.code).toBe('interrupted');
  await server.left();
});
