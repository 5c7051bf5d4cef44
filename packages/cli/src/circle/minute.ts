import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';

/** A time as a person reads it, in UTC: "2026-11-21 18:05". Empty when there is none. */
export function minuteOf(time: Timestamp | undefined): string {
  return time === undefined ? '' : timestampDate(time).toISOString().slice(0, 16).replace('T', ' ');
}
