import { connect, type Socket } from 'node:net';

/** Far more than a run asks a server of the user for: heads, remotes, names of tables. */
const MAX_BYTES = 16 * 1024 * 1024;
const INTERVAL_MS = 100;

/**
 * The connections to one server that this process did not start. mysql2 reads rows and packets without a limit, and its
 * open connections keep a process alive that has nothing more to do. So they are closed together: when the work is done
 * or given up, or when the server sends too much.
 */
export class BoundedSockets {
  readonly #host: string;
  readonly #port: number;
  readonly #open = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #former = 0;
  #isClosed = false;
  #refusal: string | null = null;

  constructor({ host, port }: { readonly host: string; readonly port: number }) {
    this.#host = host;
    this.#port = port;
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS).unref();
  }

  /** Why the connections were closed, as the end of a sentence about the server; null if it did nothing wrong. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /** Closes the connections to a server that does not speak as one. */
  refuse(why: string): void {
    this.#refusal ??= why;
    this.close();
  }

  connect(): Socket {
    const socket = connect(this.#port, this.#host).setNoDelay(true);
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#former += socket.bytesRead;
    });
    if (this.#isClosed) socket.destroy(new Error('the connection was given up'));
    return socket;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const socket of this.#open) socket.destroy();
  }

  #look(): void {
    let bytes = this.#former;
    for (const { bytesRead } of this.#open) bytes += bytesRead;
    if (bytes > MAX_BYTES) this.refuse('sent more than a run asks for');
  }
}
