/**
 * HTTP dates (RFC 9110 §5.6.7): written in one format, read in three.
 *
 * @module
 */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const IMF_FIXDATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/**
 * Writes a time, in milliseconds since 1970, as an HTTP date. Fractions of a second are dropped.
 */
export function formatDate(time: number): string {
  return new Date(time).toUTCString();
}

/**
 * Reads an HTTP date as milliseconds since 1970; `undefined` if the text is not one. `Date.parse`
 * accepts more, and a precondition with such a value must be ignored.
 *
 * @param text The field value.
 * @param now The time that decides the century of a two-digit year.
 */
export function parseDate(text: string, now: number): number | undefined {
  let match = IMF_FIXDATE.exec(text);
  if (match) return utc(match[3], match[2], match[1], match.slice(4));
  match = RFC_850.exec(text);
  if (match) {
    const century = Math.floor(new Date(now).getUTCFullYear() / 100) * 100;
    const time = utc(century + Number(match[3]), match[2], match[1], match.slice(4));
    const limit = new Date(now).setUTCFullYear(new Date(now).getUTCFullYear() + 50);
    // A date more than 50 years ahead means the most recent year with these digits.
    return time !== undefined && time > limit
      ? utc(century + Number(match[3]) - 100, match[2], match[1], match.slice(4))
      : time;
  }
  match = ASCTIME.exec(text);
  return match ? utc(match[6], match[1], match[2], match.slice(3, 6)) : undefined;
}

function utc(
  year: string | number | undefined,
  monthName: string | undefined,
  day: string | undefined,
  clock: readonly string[],
): number | undefined {
  const month = MONTHS.indexOf(monthName ?? "");
  const [hour, minute, second] = clock.map(Number);
  if (month < 0 || hour === undefined || minute === undefined || second === undefined) {
    return undefined;
  }
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(Date.UTC(Number(year), month, Number(day), hour, minute, second));
  // Date.UTC rolls 31 February over into March, and takes the years 0–99 for 1900–1999.
  return date.getUTCDate() === Number(day) || second === 60 ? date.getTime() : undefined;
}

/**
 * The delay in a `Retry-After` header (RFC 9110 §10.2.3), in milliseconds; `undefined` if the value
 * is not valid.
 *
 * @param value A number of seconds or a date.
 * @param now The time of day, in milliseconds since 1970.
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim();
  if (/^[0-9]+$/.test(text)) return Number(text) * 1000;
  const date = parseDate(text, now);
  return date === undefined ? undefined : Math.max(0, date - now);
}
