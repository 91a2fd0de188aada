const TIME = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z?)?$/;

/**
 * A moment as text that sorts by time: `YYYY-MM-DD HH:MM:SS.uuuuuu` in UTC.
 * @param text a DATE, DATETIME or TIMESTAMP as Dolt prints it in a session in UTC
 * @returns null for text that is no moment, the zero date `0000-00-00` among it
 */
export function instant(text: string): string | null {
  const [, day, time = '00:00:00', fraction = ''] = TIME.exec(text) ?? [];
  if (day === undefined || /-00/.test(day)) return null;
  return `${day} ${time}.${fraction.padEnd(6, '0')}`;
}
