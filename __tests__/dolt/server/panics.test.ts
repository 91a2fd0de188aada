import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { panicsOf } from '../../../src/dolt/server/panics.ts';

/** As Dolt 2.3.0 logs a panic that ends one connection, and one that ends the server. */
const ofConnection = (text: string) =>
  `time="2026-11-30T01:00:00Z" level=error msg="mysql_server caught panic:\\n${text}\\n/go/src/a.go:1"\n`;
const OF_SERVER = 'panic: runtime error: index out of range\n\ngoroutine 7 [running]:\n';

/** Starts to read the errors of a server. */
function reading() {
  const errors = new PassThrough();
  let now = 0;
  const panics = panicsOf(errors, () => now);
  const say = async (text: string): Promise<void> => {
    errors.write(text);
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const later = () => {
    now += 1;
    return now;
  };
  return { panics, say, later };
}

test('a panic of a connection is the reason of work that began before it, and of no later work', async () => {
  const { panics, say, later } = reading();
  const begun = later();
  const awaited = panics.awaited(begun);
  const said = ofConnection('first');
  await say(said.slice(0, 70));
  expect(panics.found(begun)).toBeNull();
  await say(said.slice(70));
  await awaited;
  expect(panics.found(begun)).toBe('first');

  const next = later();
  await say('another line\n');
  expect(panics.found(next)).toBeNull();
  await say(ofConnection('second'));
  expect([panics.found(next), panics.found(later())]).toEqual(['second', null]);
});

test('a panic that ended the server is the reason of all later work, too', async () => {
  const { panics, say, later } = reading();
  await say(`${ofConnection('first')}${OF_SERVER}`);
  const next = later();
  expect(panics.found(next)).toBe('runtime error: index out of range');
  await panics.awaited(next);
});
