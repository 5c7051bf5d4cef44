/** File formats that photos are read from. HEIF covers AVIF and HEIC. */
export type PhotoFormat = 'jpeg' | 'png' | 'webp' | 'heif' | 'tiff';

/** Brands of the `ftyp` box (ISO/IEC 14496-12 and 23008-12) that announce a still picture or its first frame. */
const heifBrands = ['avif', 'avis', 'mif1', 'msf1', 'heic', 'heix', 'heim', 'heis', 'hevc', 'heif'];

/**
 * Tells the format by the first bytes, whatever the file is named. Formats that a decoder might also read but that no
 * camera writes (SVG, PDF, GIF) are left out on purpose: they are not photos, and their parsers are not exposed.
 */
export function photoFormat(bytes: Uint8Array): PhotoFormat | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12));
  const ascii = head.toString('latin1');
  if (ascii.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (ascii.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (ascii.startsWith('RIFF') && ascii.slice(8) === 'WEBP') return 'webp';
  if (ascii.slice(4, 8) === 'ftyp' && heifBrands.includes(ascii.slice(8))) return 'heif';
  if (ascii.startsWith('II*\0') || ascii.startsWith('MM\0*')) return 'tiff';
  return undefined;
}
