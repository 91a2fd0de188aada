import type { DatabaseRules } from '../rows/table-policy.ts';
import { columnsOfBeads } from './columns.ts';
import { deriveIssueColumns } from './derived-columns.ts';
import { commentId, countChild, dependencyId, nextChildId, parentId } from './row-ids.ts';
import { isBeadsDatabase, POLICIES } from './table-policies.ts';
import { UPGRADES } from './upgrades.ts';

/** The rules that bd expects of a merge of its database. */
export const BEADS_RULES: DatabaseRules = {
  recognises: isBeadsDatabase,
  reads: columnsOfBeads,
  policies: POLICIES,
  project: { table: 'metadata', key: '_project_id' },
  joining: 'If this database is new, `dolt-federation help beads` says how it joins another one.',
  upgrades: UPGRADES,
  children: { table: 'issues', parentOf: parentId, next: nextChildId, added: countChild },
  derivedKeys: { dependencies: dependencyId, comments: commentId },
  derive: deriveIssueColumns,
};
