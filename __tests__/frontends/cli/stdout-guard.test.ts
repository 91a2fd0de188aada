import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { guardStdout } from '../../../src/frontends/cli/stdout-guard.ts';

/** A stream that collects what reaches it. */
function collector() {
  const stream = new PassThrough({ encoding: 'utf8' });
  return { stream, text: () => String(stream.read() ?? '') };
}

/** A stream whose every write fails as the system would say it. */
function failing(code: string) {
  return new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error(`write ${code}`), { code }));
    },
  });
}

describe('standard output contains only the result', () => {
  test('other writes are reported instead of written', async () => {
    const { stream, text } = collector();
    const strays: string[] = [];
    const guard = guardStdout(stream);
    stream.write('dropped before anybody listens');
    guard.onStray((stray) => strays.push(stray));
    stream.write('::debug::one');
    await new Promise<void>((resolve) => stream.write(Buffer.from('[command]two'), () => resolve()));
    await guard.write('{}\n');
    expect(text()).toBe('{}\n');
    expect(strays).toEqual(['::debug::one', '[command]two']);
  });

  test('a released stream is restored', async () => {
    const { stream, text } = collector();
    const before = stream.write;
    guardStdout(stream).release();
    expect(stream.write).toBe(before);
    stream.write('mine again');
    expect(text()).toBe('mine again');
  });

  test('write resolves only after a slow reader has read all data', async () => {
    const taken: number[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        setImmediate(() => {
          taken.push(chunk.length);
          done();
        });
      },
    });
    await guardStdout(slow).write('x'.repeat(1_000_000));
    expect(taken).toEqual([1_000_000]);
  });

  test('a closed reader causes no error', async () => {
    await expect(guardStdout(failing('EPIPE')).write('x')).resolves.toBeUndefined();
  });

  test('a full disk is an error', async () => {
    await expect(guardStdout(failing('ENOSPC')).write('x')).rejects.toThrow('ENOSPC');
  });
});
