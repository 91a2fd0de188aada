import { CACHE_LIMITS } from '../../src/caches/actions-cache.ts';
import { durationText } from '../../src/contract/duration.ts';
import { OPTIONS } from '../../src/contract/options.ts';
import { PAGE_BYTES } from '../../src/dolt/rows/conflict-rows.ts';
import { GRACE_MS } from '../../src/dolt/server/interrupt.ts';
import { LEAST_ENGINE_BYTES, MOST_ENGINE_BYTES } from '../../src/dolt/server/memory.ts';
import { COMPARE_WITHIN_MS, OPEN_WITHIN_MS } from '../../src/dolt/server/trial.ts';
import { MAX_RESULT_BYTES } from '../../src/dolt/sql/sql.ts';
import { MAX_CHUNK_BYTES } from '../../src/dolt/store/chunk-content.ts';
import { MAX_INDEX_BYTES } from '../../src/dolt/store/table-index.ts';
import { CONNECT_MS } from '../../src/egress/try-connection.ts';
import { MAX_DOLT_BYTES } from '../../src/install/actions-cache.ts';
import { DOWNLOAD_MS } from '../../src/install/release.ts';
import { MAX_CONFLICTS_FILE_BYTES } from '../../src/resolve/store-conflicts.ts';
import { MERGE_BYTES, MOST_REPORT_BYTES, REPORT_BYTES } from '../../src/rows/merging.ts';
import { PAGE_ROWS } from '../../src/rows/resolve-table.ts';
import { LONGEST_REPORTED } from '../../src/rows/resolved-row.ts';
import { MAX_REPLAYS, REPLAYS_MS } from '../../src/sync/merge/received-merges.ts';
import { TAGS_MS } from '../../src/sync/read-peer.ts';
import { LEAST_WAIT_MS } from '../../src/sync/time-limits.ts';

const bytes = (count: number): string => {
  const mib = count / (1024 * 1024);
  return mib >= 1024 ? `${mib / 1024} GiB` : `${mib} MiB`;
};
const number = (count: number): string => count.toLocaleString('en-US');

/** The limits of a peer, from the constants of the code. */
export function limitTable(): string {
  const mergeTimeout = `\`merge-timeout\` (${OPTIONS['merge-timeout'].default})`;
  const rows: readonly (readonly [what: string, limit: string, otherwise: string])[] = [
    ['Connecting to the server of a peer, TLS included', durationText(CONNECT_MS), '`connect-timeout`'],
    [
      'Waiting for peers before the others are pushed to',
      `\`fetch-wait\` (${OPTIONS['fetch-wait'].default})`,
      'a second round (`late-answer`)',
    ],
    ["The same for a git or ssh peer that the user's own git or ssh connects to", 'half of `fetch-wait`', 'the same'],
    [
      'The same for further peers, after one that did not answer in another engine',
      `the rest of \`fetch-wait\`, at least ${durationText(LEAST_WAIT_MS)}`,
      'the same',
    ],
    [
      'All work of one step on the [Actions cache](caches.md)',
      `${durationText(CACHE_LIMITS.allMs)}, and ${durationText(CACHE_LIMITS.answerMs)} for each answer`,
      'the step goes on without it',
    ],
    ['One fetch or push', `\`timeout\` (${OPTIONS.timeout.default})`, '`timeout`'],
    [
      'Tags that a fetch brings after its branch; not over ssh or git',
      durationText(TAGS_MS),
      'the fetch is ended, and the peer is served (`many-tags`)',
    ],
    ['Comparing a head with ours, checking its commits, merging it: each', mergeTimeout, '`timeout`'],
    ['Finding the peer of each conflict of one merge', mergeTimeout, '`timeout`'],
    [
      'Reading the unresolved rows of one peer for the conflicts file',
      mergeTimeout,
      'a warning `timeout`; the file lacks that peer',
    ],
    [
      'Repeating merges of other databases to report them',
      `${MAX_REPLAYS} merges, ${durationText(REPLAYS_MS)}, and ${mergeTimeout} each`,
      'the notice `merges-unread`',
    ],
    [
      'Downloading a release of Dolt, in all attempts',
      `${bytes(MAX_DOLT_BYTES)} and ${durationText(DOWNLOAD_MS)}`,
      '`dolt-download-failed`',
    ],
    ['Ending a statement', durationText(GRACE_MS), 'its engine is ended'],
    [
      'Memory of an engine (Linux only)',
      `half of the memory of the machine or container, ${bytes(LEAST_ENGINE_BYTES)} to ${bytes(MOST_ENGINE_BYTES)}`,
      '`too-large`',
    ],
    ['One chunk of the data that a fetch brings', bytes(MAX_CHUNK_BYTES), '`corrupt`'],
    ['The index of a table file, which is in memory as a whole', bytes(MAX_INDEX_BYTES), '`corrupt`'],
    [
      'Opening a copy of the database with the data that a fetch brought',
      durationText(OPEN_WITHIN_MS),
      '`engine-start`',
    ],
    [
      'Comparing the history of one new head with the ancestors that it lists',
      durationText(COMPARE_WITHIN_MS),
      '`engine-start`',
    ],
    ['Rows that one statement reads', bytes(MAX_RESULT_BYTES), '`too-large`'],
    [
      'Rows in conflict that are resolved together',
      `${number(PAGE_ROWS)} rows or ${bytes(PAGE_BYTES)} of large values`,
      'the next page is read',
    ],
    ['Rows and their histories that one merge keeps in memory', bytes(MERGE_BYTES), '`too-large`'],
    [
      'The report of one merge, as JSON',
      `${bytes(MOST_REPORT_BYTES)}, and ${bytes(REPORT_BYTES)} divided by the number of peers`,
      '`too-large`',
    ],
    [
      'A value in a report',
      `${number(LONGEST_REPORTED)} characters`,
      'its beginning, length and SHA-256; the database has it whole',
    ],
    ['A conflicts file', bytes(MAX_CONFLICTS_FILE_BYTES), 'the warning `conflicts-file-unwritten`'],
  ];
  return [['What', 'Limit', 'What happens beyond it'], ['---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
