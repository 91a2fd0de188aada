/**
 * A moment as text that sorts by time: `YYYY-MM-DD HH:MM:SS.uuuuuu` in UTC.
 * @param text a DATE, DATETIME or TIMESTAMP as Dolt prints it in a session in UTC
 */
export function instant(text: string): string {
  const [day = '', time = '00:00:00'] = text.split(/[ T]/);
  const [seconds = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  return `${day} ${seconds}.${fraction.padEnd(6, '0')}`;
}
