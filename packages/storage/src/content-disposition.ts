/**
 * Content-Disposition that saves a download under `fileName` (RFC 6266): a plain ASCII form for old clients, and the
 * name itself as UTF-8 (RFC 8187). Path separators and control characters cannot get through.
 */
export function contentDisposition(fileName: string): string {
  const name = fileName.replace(/[\p{Cc}/\\]/gu, '_');
  const ascii = name.replace(/[^\x20-\x7e]|["%]/g, '_');
  // encodeURIComponent leaves these, which RFC 8187 does not allow bare.
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
