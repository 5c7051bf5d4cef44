/** Largest message that a server reads or writes. Messages carry references, never pixels: 4 MiB is plenty. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
