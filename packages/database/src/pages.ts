import { DomainError, ErrorReason } from '@irisvue/runtime';
import { z } from 'zod';

const DEFAULT_PAGE_SIZE = 20;
const Cursor = z.object({ last: z.uuid() });

/** A page that was asked for: at most `limit` rows, those behind the row with the id `last`. */
export interface Page {
  readonly limit: number;
  readonly last?: string;
}

/**
 * Reads page_size and page_token of a list request; a size of 0 means `defaultSize`. Throws INVALID_FIELD for a token
 * that no answer contained.
 */
export function readPage(
  request: { readonly pageSize: number; readonly pageToken: string },
  defaultSize = DEFAULT_PAGE_SIZE,
): Page {
  const limit = request.pageSize || defaultSize;
  if (request.pageToken === '') return { limit };
  try {
    return { limit, ...Cursor.parse(JSON.parse(Buffer.from(request.pageToken, 'base64url').toString())) };
  } catch (cause) {
    const metadata = { field: 'page_token', limit: 'next_page_token of an earlier answer' };
    throw new DomainError(ErrorReason.INVALID_FIELD, 'page_token is not from an earlier answer', metadata, { cause });
  }
}

/**
 * Cuts `rows`, read with one row beyond the limit, to the page; next_page_token is empty when there are no more. `idOf`
 * gives the id that the rows are in order of.
 */
export function cutPage<Row extends { readonly id: string }>(
  rows: readonly Row[],
  page: Page,
  idOf: (row: Row) => string | null = (row) => row.id,
) {
  const shown = rows.slice(0, page.limit);
  const beyond = rows.length > page.limit ? shown.at(-1) : undefined;
  const last = beyond && idOf(beyond);
  return { shown, nextPageToken: last ? Buffer.from(JSON.stringify({ last })).toString('base64url') : '' };
}
