import { randomBytes } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { shortDigest } from '../core/digest.ts';
import type { Env } from '../core/env.ts';
import { errorMessage } from '../core/failure.ts';
import type { Logger } from '../core/logger.ts';
import type { Secrets } from '../core/secrets.ts';
import { bytesText, secondsText, shellWord } from '../core/text.ts';
import { monotonicMs } from '../core/time.ts';
import type { RequestContext } from '../egress/https-request.ts';
import { pack, unpack } from './archive.ts';
import type { FileCache, Saved, Stored, Wanted } from './file-cache.ts';
import { downloadTo, postJson, uploadFrom } from './request.ts';
import { type CacheService, FINALIZE, LOOK_UP, type Method, methodUrl, RESERVE } from './service.ts';

/** Environment, log and secrets of the step. */
export interface CacheContext {
  /** Of the job. */
  readonly env: Env;
  readonly log: Logger;
  readonly secrets: Secrets;
  /** Aborted when the step is cancelled; nothing is restored or stored then. */
  readonly signal: AbortSignal;
}

/** How long a step may wait for the cache. */
export interface CacheLimits {
  /** All work of one step on the cache together: requests, transfers, packing and checking. */
  readonly allMs: number;
  /** One answer of the service. */
  readonly answerMs: number;
}

export const CACHE_LIMITS: CacheLimits = { allMs: 60_000, answerMs: 10_000 };

/**
 * Part of the identity of an entry besides its key, which GitHub compares as a whole. It changes with the layout of our
 * entries, so that no version of dolt-federation reads those of another.
 */
const LAYOUT = shortDigest('dolt-federation, layout 1', 64);

/** A key that this project makes. A log shows it, and a person copies it into a shell. */
const OWN_KEY = /^[\w.-]+$/;

/** More files than any database of a size that is cached has. */
const MAX_FILES = 10_000;
/** Our archives hold data that is compressed already. */
const MOST_EXPANDED = 4;

/**
 * The Actions cache for one step. The token and the signed addresses of entries are secrets. After the first failure of the
 * service, or when the time is over, the step goes on without it.
 */
export class ActionsCache implements FileCache {
  readonly #service: CacheService;
  readonly #context: CacheContext;
  readonly #limits: CacheLimits;
  #leftMs: number;
  /** The part that failed: a step that may not write can still read. */
  #lost: 'nothing' | 'writing' | 'everything' = 'nothing';
  readonly #refused = new Set<string>();

  constructor(service: CacheService, context: CacheContext, limits: CacheLimits = CACHE_LIMITS) {
    this.#service = service;
    this.#context = context;
    this.#limits = limits;
    this.#leftMs = limits.allMs;
    context.secrets.add(service.token);
  }

  get mayRead(): boolean {
    return this.#service.mayRead && this.#lost !== 'everything';
  }

  async restoreFile(wanted: Wanted, file: string): Promise<string | null> {
    if (!this.mayRead) return null;
    return await this.#ask(`${wanted.what} was not restored`, 'everything', async (context) => {
      const begun = monotonicMs();
      const found = await this.#call(context, LOOK_UP, { key: wanted.key, restore_keys: [] });
      // The service also finds keys that only begin like this one. Others may have chosen the rest.
      if (found?.ok !== true || !OWN_KEY.test(found.key) || !found.key.startsWith(wanted.key)) {
        this.#say(`${wanted.what}: no entry`);
        return null;
      }
      this.#context.secrets.add(found.url);
      await downloadTo(context, { url: found.url, maxBytes: wanted.maxBytes }, file);
      const { size } = await stat(file);
      this.#say(`${wanted.what}: restored ${found.key}, ${bytesText(size)} in ${secondsText(monotonicMs() - begun)}`);
      return found.key;
    });
  }

  async saveFile({ what, key }: Stored, file: string): Promise<Saved> {
    if (!this.#mayWrite()) return 'failed';
    const saved = await this.#ask<Saved>(`${what} was not stored`, 'writing', async (context) => {
      const begun = monotonicMs();
      const reserved = await this.#call(context, RESERVE, { key });
      if (reserved === null) {
        this.#say(`${what}: another step has the entry ${key}`);
        return 'exists';
      }
      // A step whose token allows no entry gets this answer for each key.
      if (!reserved.ok) throw new Error('the cache service allows no new entry');
      this.#context.secrets.add(reserved.url);
      await uploadFrom(context, reserved.url, file);
      const { size } = await stat(file);
      const finished = await this.#call(context, FINALIZE, { key, size_bytes: String(size) });
      if (finished?.ok !== true) throw new Error('the cache service did not finish the entry');
      this.#say(`${what}: stored ${key}, ${bytesText(size)} in ${secondsText(monotonicMs() - begun)}`);
      return 'stored';
    });
    return saved ?? 'failed';
  }

  async restoreFolder(wanted: Wanted, folder: string, isExpected: (name: string) => boolean): Promise<string | null> {
    const file = archivePath(folder);
    try {
      const key = await this.restoreFile(wanted, file);
      if (key === null) return null;
      const limits = { maxBytes: wanted.maxBytes * MOST_EXPANDED, maxFiles: MAX_FILES, isExpected };
      const isUnpacked = await this.#spend(async (signal) => {
        await unpack(file, folder, { ...limits, signal });
        return true;
      }).catch((thrown: unknown) => {
        if (!this.#isOver()) this.refuse(key, errorMessage(thrown));
        return false;
      });
      if (isUnpacked) return key;
      await removed(folder);
      return null;
    } finally {
      await removed(file);
    }
  }

  async saveFolder(stored: Stored, folder: string, names: readonly string[]): Promise<boolean> {
    if (!this.#mayWrite()) return false;
    const file = archivePath(folder);
    try {
      const packed = await this.check(`${stored.what} was not stored`, async (signal) => {
        await pack(folder, names, file, signal);
        return true;
      });
      return packed === true && (await this.saveFile(stored, file)) === 'stored';
    } finally {
      await removed(file);
    }
  }

  async check<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    return await this.#spend(work).catch((thrown: unknown) => {
      this.#say(`${what}: ${this.#reason(thrown)}`);
      return null;
    });
  }

  refuse(key: string, why: string): void {
    if (this.#refused.has(key)) return;
    this.#refused.add(key);
    this.#context.log.warning(
      `The entry ${key} of the Actions cache is not used: ${why}. Delete it: gh cache delete ${shellWord(key)}`,
    );
  }

  /** Asks the service; if that fails, the step does not ask again: not for anything, or only not to write. */
  async #ask<T>(
    failed: string,
    lost: 'writing' | 'everything',
    work: (context: RequestContext) => Promise<T>,
  ): Promise<T | null> {
    const { env } = this.#context;
    const { answerMs } = this.#limits;
    return await this.#spend((signal) => work({ env, signal, answerMs })).catch((thrown: unknown) => {
      this.#lost = lost;
      const then = lost === 'writing' ? 'stores nothing more in it' : 'goes on without the cache';
      this.#say(`${failed}: ${this.#reason(thrown)}. This step ${then}.`);
      return null;
    });
  }

  /** Runs work within the remaining time, and subtracts the time that it takes. */
  async #spend<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const begun = monotonicMs();
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(new Error('the time for the cache is over')), this.#leftMs);
    try {
      const signal = AbortSignal.any([this.#context.signal, over.signal]);
      signal.throwIfAborted();
      return await work(signal);
    } finally {
      clearTimeout(timer);
      this.#leftMs = Math.max(0, this.#leftMs - (monotonicMs() - begun));
    }
  }

  #mayWrite(): boolean {
    return this.#service.mayWrite && this.#lost === 'nothing';
  }

  #isOver(): boolean {
    return this.#leftMs <= 0 || this.#context.signal.aborted;
  }

  #reason(thrown: unknown): string {
    if (this.#context.signal.aborted) return 'the step was cancelled';
    return this.#leftMs <= 0 ? 'the time for the cache is over' : errorMessage(thrown);
  }

  #say(text: string): void {
    this.#context.log.info(`Actions cache: ${text}`);
  }

  /**
   * @returns null: what should be created exists
   * @throws Error if the answer is not in the form of the service
   */
  async #call<T>(context: RequestContext, method: Method<T>, request: object): Promise<T | null> {
    const { token } = this.#service;
    const to = { url: methodUrl(this.#service, method.name), token };
    const answer = await postJson(context, to, { ...request, version: LAYOUT });
    if (answer === null) return null;
    const parsed = method.answer.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new Error(`the cache service answered ${method.name} with something unexpected`);
  }
}

function archivePath(folder: string): string {
  return join(dirname(folder), `df-archive-${randomBytes(6).toString('hex')}`);
}

/** Both are below the private folder of a run, whose removal reports a failure. */
async function removed(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}
