import { groupBy } from '../core/lists.ts';

/** An issue, as far as its state depends on it. */
export interface IssueState {
  readonly id: string;
  readonly status: string | null;
}

/** A dependency of an issue; `on` is null if its target is not an issue. */
export interface Edge {
  readonly issue: string;
  readonly on: string | null;
  readonly type: string;
  /** Whether the target is a wisp, which exists in one clone only. */
  readonly onWisp: boolean;
  /** For `waits-for`: not before all children are done, or any one is closed; and whether the spawner blocks, too. */
  readonly gate: 'all-children' | 'any-children';
  readonly alsoBlocks: boolean;
}

/** The types of dependencies that can block an issue. */
export const BLOCKING_TYPES = ['blocks', 'conditional-blocks', 'parent-child', 'waits-for'] as const;

const DIRECT: ReadonlySet<string> = new Set(['blocks', 'conditional-blocks']);

/**
 * Which issues are blocked, by the rule of bd 1.3.0, for the issues whose state cannot depend on a wisp. A wisp counts
 * as absent, and a missing target as not open.
 * @returns the state of each of these issues, by id
 */
export function blockedIssues(issues: readonly IssueState[], edges: readonly Edge[]): ReadonlyMap<string, boolean> {
  const statusOf = new Map(issues.map(({ id, status }) => [id, status]));
  const isOpen = (id: string): boolean => statusOf.has(id) && !isDone(statusOf.get(id) ?? null);
  const children = childrenOf(edges);
  const childStates = childStatesOf(children, { isOpen, statusOf });
  const direct = edges.filter((edge) => isOpen(edge.issue) && blocksDirectly(edge, { isOpen, childStates }));
  const blocked = withDescendants(direct, children, isOpen);
  const unknown = reachedByWisps(edges, { children, childStates });
  return new Map(issues.flatMap(({ id }) => (unknown.has(id) ? [] : [[id, blocked.has(id)] as const])));
}

function isDone(status: string | null): boolean {
  return status === 'closed' || status === 'pinned';
}

/** By parent, the issues that name it as their parent. */
function childrenOf(edges: readonly Edge[]): ReadonlyMap<string, readonly string[]> {
  const known = edges.flatMap(({ type, issue, on }) => (type === 'parent-child' && on !== null ? [{ issue, on }] : []));
  const groups = groupBy(known, ({ on }) => on);
  return new Map([...groups].map(([parent, group]) => [parent, group.map(({ issue }) => issue)]));
}

/** The states of an issue's children, for the issues that wait for them. */
interface ChildStates {
  readonly hasOpen: boolean;
  readonly hasClosed: boolean;
  /** Whether a child is not an issue; it may be a wisp. */
  readonly hasUnknown: boolean;
}

/** By parent, the states of its children: computed once, because thousands of issues can wait for one parent. */
function childStatesOf(
  children: ReadonlyMap<string, readonly string[]>,
  graph: { readonly isOpen: (id: string) => boolean; readonly statusOf: ReadonlyMap<string, string | null> },
): ReadonlyMap<string, ChildStates> {
  const { isOpen, statusOf } = graph;
  const statesOf = (ids: readonly string[]): ChildStates => ({
    hasOpen: ids.some(isOpen),
    hasClosed: ids.some((id) => statusOf.get(id) === 'closed'),
    hasUnknown: ids.some((id) => !statusOf.has(id)),
  });
  return new Map([...children].map(([parent, ids]) => [parent, statesOf(ids)]));
}

/** Whether a dependency blocks its issue, regardless of its parents. */
function blocksDirectly(
  { type, on, gate, alsoBlocks }: Edge,
  {
    isOpen,
    childStates,
  }: { readonly isOpen: (id: string) => boolean; readonly childStates: ReadonlyMap<string, ChildStates> },
): boolean {
  if (on === null) return false;
  if (DIRECT.has(type)) return isOpen(on);
  if (type !== 'waits-for') return false;
  if (alsoBlocks && isOpen(on)) return true;
  const children = childStates.get(on);
  const isMet = gate === 'any-children' && children?.hasClosed === true;
  return !isMet && children?.hasOpen === true;
}

/** The issues whose state may depend on a wisp, with all issues below them. */
function reachedByWisps(
  edges: readonly Edge[],
  {
    children,
    childStates,
  }: {
    readonly children: ReadonlyMap<string, readonly string[]>;
    readonly childStates: ReadonlyMap<string, ChildStates>;
  },
): ReadonlySet<string> {
  const isWaiting = ({ type, on }: Edge): boolean =>
    type === 'waits-for' && on !== null && childStates.get(on)?.hasUnknown === true;
  return withDescendants(
    edges.filter((edge) => edge.onWisp || isWaiting(edge)),
    children,
    () => true,
  );
}

/** The issues of these edges, and all issues below them that count. */
function withDescendants(
  edges: readonly Edge[],
  children: ReadonlyMap<string, readonly string[]>,
  counts: (id: string) => boolean,
): ReadonlySet<string> {
  const found = new Set(edges.map(({ issue }) => issue));
  // The loop also visits what it adds to the set.
  for (const parent of found) {
    for (const child of children.get(parent) ?? []) if (counts(child)) found.add(child);
  }
  return found;
}
