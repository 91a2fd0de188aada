const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Timers of Node hold no more (2^31 ms are 24.8 days). */
const MAX_MS = 24 * UNITS.d;

/** How durations are written, for messages. */
export const DURATION_FORM = durationForm(MAX_MS);

/** @param maxMs whole days */
export function durationForm(maxMs: number = MAX_MS): string {
  return `a duration such as 90s, 10m, 2h or 7d, at most ${maxMs / UNITS.d}d`;
}

/**
 * @param text a whole number above zero and its unit: `90s`, `10m`, `2h`, `7d`. A bare number has no unit and is refused.
 * @param maxMs the longest, in milliseconds; absent: the longest time of a timer
 * @returns milliseconds, or null for anything else
 */
export function parseDuration(text: string, maxMs: number = MAX_MS): number | null {
  const [, digits, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(text.trim()) ?? [];
  if (digits === undefined || !isUnit(unit)) return null;
  const milliseconds = Number(digits) * UNITS[unit];
  return milliseconds > maxMs ? null : milliseconds;
}

/** Milliseconds in the largest unit that gives a whole number. */
export function durationText(milliseconds: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((one) => milliseconds % UNITS[one] === 0);
  return unit === undefined ? `${milliseconds} ms` : `${milliseconds / UNITS[unit]}${unit}`;
}

function isUnit(text: string | undefined): text is keyof typeof UNITS {
  return text !== undefined && Object.hasOwn(UNITS, text);
}
