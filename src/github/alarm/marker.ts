import { z } from 'zod';
import { shortDigest } from '../../core/digest.ts';
import { parsedJson } from '../../core/json.ts';

/** The place of alarms: each has one open issue for each peer, and one for failures of the run itself. */
export interface AlarmPlace {
  /** Name of the workflow. */
  readonly workflow: string;
  readonly command: string;
  /**
   * Inputs that distinguish the step from others of the workflow, such as the paths of its configuration and database.
   */
  readonly inputs: readonly string[];
}

/** The state of an issue of ours, in a comment of its text that is not shown. */
export interface AlarmState {
  /** null: the issue is about the run itself. */
  readonly peer: string | null;
  /** When it was opened, or got its last comment of ours. */
  readonly last: string;
  /** How many comments about the lasting failure it has. */
  readonly comments: number;
  /** Whether a person must decide something that later runs no longer see. */
  readonly needsDecision: boolean;
}

const PREFIX = '<!-- dolt-federation alarm ';
const STATE = /^<!-- state (\{.*\}) -->$/;
const DIGITS = 24;
/** The clocks of two runners may differ. */
const SKEW_MS = 3_600_000;

const stateSchema = z.strictObject({
  peer: z.string().nullable(),
  last: z.iso.datetime({ precision: 3 }),
  comments: z.int().nonnegative(),
  needsDecision: z.boolean(),
});

/** The beginning of the markers of a place. Hashes, because a name could end the comment that hides it. */
function placeMarker({ workflow, command, inputs }: AlarmPlace): string {
  return `${PREFIX}${shortDigest(JSON.stringify([workflow, command, inputs]), DIGITS)} `;
}

/** The first line of an issue about a peer. @param peer null: about the run itself */
export function alarmMarker(place: AlarmPlace, peer: string | null): string {
  return `${placeMarker(place)}${shortDigest(JSON.stringify(peer), DIGITS)} -->`;
}

/** The first line of an issue of the place; null if the issue is of another place, or no alarm. */
export function markerIn(place: AlarmPlace, body: string): string | null {
  const [first = ''] = body.split(/\r?\n/, 1);
  return first.startsWith(placeMarker(place)) && first.endsWith(' -->') ? first : null;
}

/** The second line of an issue. `>` is escaped: it could end the comment. */
export function stateLine(state: AlarmState): string {
  return `<!-- state ${JSON.stringify(state).replaceAll('>', '\\u003e')} -->`;
}

/** The text of an issue with another state, and unchanged otherwise. */
export function withState(body: string, state: AlarmState): string {
  const [first = '', second = '', ...rest] = body.split(/\r?\n/);
  const others = STATE.test(second) ? rest : [second, ...rest];
  return [first, stateLine(state), ...others].join('\n');
}

/**
 * The state of an issue. If a person removed it, the time of the creation counts.
 * @param now a much later time in the state is ignored
 */
export function stateIn(body: string, createdAt: string, now: number): AlarmState {
  const [, second = ''] = body.split(/\r?\n/, 2);
  const parsed = stateSchema.safeParse(parsedJson(STATE.exec(second)?.[1] ?? ''));
  if (parsed.success && Date.parse(parsed.data.last) <= now + SKEW_MS) return parsed.data;
  const { peer = null, needsDecision = false } = parsed.data ?? {};
  return { peer, last: createdAt, comments: 0, needsDecision };
}
