import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SIGNAL_EXITS, STOP_SIGNALS, type StopSignal } from '../../src/contract/exit-codes.ts';
import { wantsAll } from '../helpers/faults/moments.ts';
import { noteRow } from '../helpers/faults/rows.ts';
import { makeTemplate, type RequestContext, STAGES, stopAt, WAYS } from '../helpers/faults/stopped.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

let template: TempFolder;
beforeAll(async () => {
  template = await tempFolder();
  await makeTemplate(template);
});
afterAll(async () => {
  await template[Symbol.asyncDispose]();
});

type Case = readonly [StopSignal, string, RequestContext];

/** A run of all tests has time for every stage, every signal and every way to send it, but not for all combinations. */
const SHORT: readonly Case[] = [
  ['SIGHUP', 'install', 'once'],
  ['SIGTERM', 'clone', 'once'],
  ['SIGINT', 'fetch', 'twice'],
  ['SIGINT', 'merge', 'to the group'],
  ['SIGTERM', 'push', 'once'],
  ['SIGQUIT', 'verify', 'once'],
  ['SIGHUP', 'resolve', 'to the group'],
  ['SIGTERM', 'config edit', 'once'],
  ['SIGTERM', 'plan', 'to the group'],
  ['SIGINT', 'advance', 'to the group'],
  ['SIGQUIT', 'backup', 'to the group'],
];
const ALL = STOP_SIGNALS.flatMap((signal) =>
  Object.keys(STAGES).flatMap((stage) => WAYS.map((way): Case => [signal, stage, way])),
);

describe('a signal ends a command cleanly', () => {
  test.each(wantsAll() ? ALL : SHORT)('%s at %s, %s', async (signal, stage, way) => {
    const { exitCode, seconds, complaints } = await stopAt(template, { stage, signal, way });
    await noteRow({
      ...{ fault: `${signal} ${way}`, operation: stage, at: 'file://', code: String(exitCode), seconds },
      ...{
        state: 'exit code of the signal; nothing runs, nothing is left, the next run brings both together',
        complaints,
      },
    });
    expect(complaints).toEqual([]);
    expect(exitCode).toBe(SIGNAL_EXITS[signal]);
    expect(seconds).toBeLessThan(9);
  });
});
