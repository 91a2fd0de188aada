import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';

const DIST = join(process.cwd(), 'dist');

describe('the bundles', () => {
  test('are exactly one file for each entry point', () => {
    expect(readdirSync(DIST).sort()).toEqual(['cli.js', 'licenses.txt', 'main.js', 'package.json', 'post.js']);
  });

  test('contain no path of the machine that built them', () => {
    for (const name of readdirSync(DIST)) {
      expect(readFileSync(join(DIST, name), 'utf8').includes(process.cwd())).toBe(false);
    }
  });

  test('name the licences of their parts', () => {
    const licenses = readFileSync(join(DIST, 'licenses.txt'), 'utf8');
    for (const name of ['@actions/core', '@actions/tool-cache', 'commander', 'execa', 'mysql2', 'yaml', 'zod']) {
      expect(licenses).toMatch(new RegExp(`^${name}$`, 'm'));
    }
  });

  test('are executable as the command line', () => {
    expect(readFileSync(join(DIST, 'cli.js'), 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true);
    if (process.platform !== 'win32') expect(statSync(join(DIST, 'cli.js')).mode & 0o111).toBe(0o111);
  });

  test('print the help within four times the start of an empty program', async () => {
    const timed = async (...args: string[]) => {
      const started = performance.now();
      await execa(process.execPath, args);
      return performance.now() - started;
    };
    let least = Number.POSITIVE_INFINITY;
    // Other tests take turns with these processes, so one pair of many has to be undisturbed.
    for (let round = 0; round < 25 && least >= 4; round += 1) {
      const empty = await timed('-e', '0');
      least = Math.min(least, (await timed(join(DIST, 'cli.js'), '--help')) / empty);
    }
    // Measured: 2.5 times; 4 when everything that the commands need is read too.
    expect(least).toBeLessThan(4);
  });
});
