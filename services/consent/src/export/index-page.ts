import { createHash } from 'node:crypto';
import type { ArchivedFile } from './archive.ts';
import { ARCHIVE_WORDS, type ArchiveLanguage } from './words.ts';

const PICTURE = /\.(jpg|jpeg|png|webp|avif|gif)$/;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 1rem; padding: 0 }
.pictures img { width: 100%; aspect-ratio: 1; object-fit: contain; background: #8882 }
.pictures span, td { overflow-wrap: anywhere }
figure { margin: 0 }
table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid #8886; padding: .25rem .5rem; vertical-align: top }
td:last-child { text-align: right; white-space: nowrap }
`;
// Pictures beside the page, the style above, and nothing else: no script, no network.
const POLICY = `default-src 'none'; img-src 'self' file:; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/**
 * A page to look at an archive offline: the pictures of each folder, then its other files by name and caption. It is
 * given in pieces, so that it never lies in memory whole.
 */
export function* indexPage(language: ArchiveLanguage, files: readonly ArchivedFile[]): Generator<string> {
  const { title, about, folders, otherFiles } = ARCHIVE_WORDS[language];
  yield `<!doctype html>\n<html lang="${language}">\n<head>\n<meta charset="utf-8">\n<title>${text(title)}</title>\n`;
  yield `<meta http-equiv="Content-Security-Policy" content="${POLICY}">\n`;
  yield `<meta name="viewport" content="width=device-width">\n<style>${STYLE}</style>\n</head>\n<body>\n`;
  yield `<h1>${text(title)}</h1>\n`;
  for (const paragraph of about) yield `<p>${text(paragraph)}</p>\n`;
  const byFolder = Map.groupBy(files, (file) => file.path.slice(0, Math.max(file.path.indexOf('/'), 0)));
  const known = Object.keys(folders).filter((folder) => byFolder.has(folder));
  for (const folder of known) yield* section(folders[folder]!, byFolder.get(folder)!);
  const others = [...byFolder.keys()].filter((folder) => !known.includes(folder));
  if (others.length > 0)
    yield* section(
      otherFiles,
      others.flatMap((folder) => byFolder.get(folder)!),
    );
  yield '</body>\n</html>\n';
}

function* section(heading: string, files: readonly ArchivedFile[]): Generator<string> {
  yield `<h2>${text(heading)}</h2>\n<div class="pictures">\n`;
  for (const { path } of files) if (PICTURE.test(path)) yield picture(path);
  yield '</div>\n<table>\n';
  for (const file of files) if (!PICTURE.test(file.path)) yield row(file);
  yield '</table>\n';
}

function picture(path: string): string {
  const image = `<img src="${text(linkTo(path))}" alt="${text(path)}" loading="lazy">`;
  return `<figure><a href="${text(linkTo(path))}">${image}</a><figcaption><span>${text(path)}</span></figcaption></figure>\n`;
}

function row({ path, caption = '', sizeBytes }: ArchivedFile): string {
  const name = `<a href="${text(linkTo(path))}">${text(path)}</a>`;
  return `<tr><td>${name}</td><td>${text(caption)}</td><td>${sizeBytes} B</td></tr>\n`;
}

const linkTo = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in an element or a quoted attribute. */
const text = (raw: string): string => raw.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
