import { encodeJpeg, type Image } from '@irisvue/vision';
import { leftColumns, type Table } from './table.ts';

/** A picture on the page, with what is to be said of it. */
export interface Shown {
  readonly section: string;
  readonly caption: string;
  readonly image: Image;
}

const jpegQuality = 82;

/** One self-contained HTML file: the tables, then the pictures by section. */
export async function pageOf(
  tables: readonly Table[],
  pictures: readonly Shown[],
  { heading, ofPeople }: { readonly heading: string; readonly ofPeople: boolean },
): Promise<string> {
  const sections = [...new Set(pictures.map(({ section }) => section))];
  const figures = await Promise.all(pictures.map(async (shown) => ({ ...shown, url: await dataUrl(shown.image) })));
  const warning =
    '<p class="warning">This page shows photos of people’s eyes: biometric data. Keep it where you keep the photos, and do not pass it on.</p>';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>irisvue bench vision</title>
<style>${style}</style>
<h1>irisvue bench vision</h1>
<p>${escaped(heading)}</p>
${ofPeople ? warning : ''}
${tables.map(tableHtml).join('\n')}
${sections
  .map(
    (section) => `<h2>${escaped(section)}</h2>
<div class="pictures">
${figures
  .filter((figure) => figure.section === section)
  .map(({ url, caption }) => `<figure><img src="${url}" alt=""><figcaption>${escaped(caption)}</figcaption></figure>`)
  .join('\n')}
</div>`,
  )
  .join('\n')}
</html>
`;
}

const style = `
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1c1c1e; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem .7rem; border-bottom: 1px solid #d8d8dc; text-align: right; }
.left { text-align: left; }
ul { color: #5a5a60; padding-left: 1.1rem; }
.warning { background: #fff0d8; border-left: 4px solid #d98200; padding: .6rem 1rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; max-width: 420px; }
img { max-width: 100%; display: block; }
figcaption { color: #5a5a60; font-size: 13px; }
`;

function tableHtml({ title, columns, rows, notes = [] }: Table): string {
  const left = leftColumns(rows);
  const line = (row: readonly string[], tag: 'td' | 'th'): string =>
    `<tr>${columns
      .map((_, i) => `<${tag}${i < left ? ' class="left"' : ''}>${escaped(row[i] ?? '')}</${tag}>`)
      .join('')}</tr>`;
  return `<h2>${escaped(title)}</h2>
<table>
${[line(columns, 'th'), ...rows.map((row) => line(row, 'td'))].join('\n')}
</table>
<ul>${notes.map((note) => `<li>${escaped(note)}</li>`).join('')}</ul>`;
}

async function dataUrl(image: Image): Promise<string> {
  return `data:image/jpeg;base64,${Buffer.from(await encodeJpeg(image, jpegQuality)).toString('base64')}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
