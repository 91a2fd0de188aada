import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { deriveIssueColumns } from '../../src/beads/derived-columns.ts';
import { BLOCKING_TYPES } from '../../src/beads/is-blocked.ts';
import { openTestDatabase } from '../helpers/database.ts';
import { withDatabase } from '../helpers/federating.ts';
import { fc, timesCases } from '../helpers/property.ts';
import { bdWorkspace } from '../helpers/servers/bd.ts';
import { tempFolder } from '../helpers/temp-folder.ts';

const ISSUES = 10;
const STATUSES = ['open', 'open', 'in_progress', 'blocked', 'closed', 'pinned'];
const METADATA = [
  '{}',
  '{"gate": "any-children"}',
  '{"gate": "all-children"}',
  '{"also_blocks": true}',
  '{"also_blocks": "yes"}',
];

const number = fc.nat({ max: ISSUES - 1 });
const graph = fc.record({
  issues: fc.array(fc.record({ status: fc.constantFrom(...STATUSES), blocked: fc.boolean() }), {
    minLength: ISSUES,
    maxLength: ISSUES,
  }),
  edges: fc.uniqueArray(
    fc.record({
      from: number,
      to: number,
      type: fc.constantFrom(...BLOCKING_TYPES, 'parent-child', 'related'),
      metadata: fc.constantFrom(...METADATA),
    }),
    { maxLength: 14, selector: ({ from, to }) => `${from} ${to}` },
  ),
});

type Graph = typeof graph extends fc.Arbitrary<infer T> ? T : never;

/** Statements that add a graph; its issues are `t-<graph>x<number>`. */
function adding({ issues, edges }: Graph, at: number): string[] {
  const id = (of: number): string => `t-${at}x${of}`;
  const rows = issues.map(
    ({ status, blocked }, of) => `('${id(of)}', 't', '', '', '', '', '${status}', ${blocked ? 1 : 0})`,
  );
  const pairs = edges.filter(({ from, to }) => from !== to);
  const targets = pairs.map(
    ({ from, to, type, metadata }) => `(UUID(), '${id(from)}', '${id(to)}', '${type}', 'ann', '${metadata}')`,
  );
  return [
    `INSERT INTO issues (id, title, description, design, acceptance_criteria, notes, status, is_blocked) VALUES ${rows.join(', ')}`,
    ...(targets.length === 0
      ? []
      : [
          `INSERT INTO dependencies (id, issue_id, depends_on_issue_id, type, created_by, metadata) VALUES ${targets.join(', ')}`,
        ]),
  ];
}

test('the computed blocked issues of random graphs equal those of bd', async () => {
  await using folder = await tempFolder();
  const bd = await bdWorkspace(folder, []);
  const path = folder.file('repo', '.beads', 'embeddeddolt', 'north');
  const graphs = fc.sample(graph, timesCases(20));
  const local = openTestDatabase(path);
  const head = await local.commit('graphs', ...graphs.flatMap(adding));

  const row = z.object({ id: z.string(), is_blocked: z.coerce.number() });
  const query = "SELECT id, is_blocked FROM issues WHERE id LIKE 't-%' ORDER BY id";
  const derived = await withDatabase(path, folder.file('tmp'), (database) =>
    database.session(async (sql) => {
      await sql.run('SET autocommit = 0');
      await deriveIssueColumns(sql, { ours: head, theirs: head });
      const rows = await sql.rows(row, query);
      await sql.run('ROLLBACK');
      return rows;
    }),
  );
  expect(derived).toHaveLength(graphs.length * ISSUES);
  await bd.ok('recompute-blocked');
  expect(await local.rows(query)).toEqual(derived);
  expect(derived.filter(({ is_blocked }) => is_blocked === 1).length).toBeGreaterThan(0);
}, 120_000);
