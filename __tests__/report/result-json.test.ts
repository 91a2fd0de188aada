import { describe, expect, test } from '@jest/globals';
import { runResultSchema } from '../../src/contract/result.ts';
import { escapedJson } from '../../src/core/json.ts';
import { errorResultJson, RESULT_LIMIT_BYTES, resultJson } from '../../src/report/result-json.ts';
import { conflict, failed, HEAD, peer, problem, runResult } from '../helpers/results.ts';

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const read = (json: string) => runResultSchema.parse(JSON.parse(json));

describe('the output `result`', () => {
  test('is the whole result if it fits', () => {
    const result = runResult({ peers: [peer({ conflicts: [conflict()] })] });
    expect(JSON.parse(resultJson(result))).toEqual(result);
  });

  test('omits rows in conflict first', () => {
    const result = runResult({ peers: [peer({ conflicts: many(2_000, () => conflict()) }), peer(failed)] });
    const json = resultJson(result);
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(RESULT_LIMIT_BYTES);
    expect(read(json)).toEqual({
      ...result,
      truncated: true,
      peers: result.peers.map((each) => ({ ...each, conflicts: [] })),
    });
  });

  test('shortens long texts before it omits peers', () => {
    const message = 'ü'.repeat(40_000);
    const result = runResult({
      peers: [peer({ ...failed, error: { code: 'network', message, hint: message, retryable: true } })],
      problems: many(100, () => problem({ message })),
    });
    const shown = read(resultJson(result));
    expect(shown.peers).toHaveLength(1);
    expect(shown.peers[0]?.error?.message).toHaveLength(500);
    expect(shown.problems).toHaveLength(20);
  });

  test('contains as many peers as fit, from the first', () => {
    const result = runResult({ peers: many(2_000, (index) => peer({ name: `peer${index}` })) });
    const json = resultJson(result);
    const shown = read(json);
    const one = JSON.stringify(result.peers[0]).length;
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(RESULT_LIMIT_BYTES);
    expect(Buffer.byteLength(json)).toBeGreaterThan(RESULT_LIMIT_BYTES - 2 * one);
    expect(shown.truncated).toBe(true);
    expect(shown.peers).toEqual(result.peers.slice(0, shown.peers.length));
  });

  test('counts the bytes of its escapes for unsafe characters', () => {
    const message = '\u00ad'.repeat(400);
    const all = many(1_000, (index) => `peer${index}`.padEnd(64, 'x'));
    const result = runResult({
      peers: many(100, () => peer({ ...failed, error: { code: 'network', message, hint: message, retryable: true } })),
      problems: many(100, () => problem({ message, hint: message })),
      backup: { tag: null, commit: HEAD, drill: 'full', copies: 0, required: null, proof: null, wouldTag: all },
    });
    const json = escapedJson(resultJson(result));
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(RESULT_LIMIT_BYTES);
    expect(read(json).problems.length).toBeGreaterThan(1);
    expect(read(json).backup?.wouldTag?.length).toBeGreaterThan(100);
    const error = { code: 'network', message, hint: message, file: null, line: null, column: null } as const;
    const refused = escapedJson(errorResultJson({ error, problems: many(100, () => error) }));
    expect(Buffer.byteLength(refused)).toBeLessThanOrEqual(RESULT_LIMIT_BYTES);
  });

  test('contains no peer if not even one fits', () => {
    expect(read(resultJson(runResult(), 400)).peers).toEqual([]);
  });
});
