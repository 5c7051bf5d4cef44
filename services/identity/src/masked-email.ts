/**
 * An e-mail as other users may see it: its first letter and its domain, "a•••@example.org". The number of dots is
 * always the same, so that it tells nothing of the length.
 */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const [first = ''] = email.slice(0, at);
  return `${first}•••${email.slice(at)}`;
}
