import { createHash } from 'node:crypto';
import type { HttpResponse } from '@irisvue/runtime';
import { type Html, html } from './html.ts';
import type { Language } from './language.ts';

const STYLE = `:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:32rem;margin:10vh auto;padding:0 1rem}
h1{font-size:1.5rem}
label{display:block;margin:1rem 0}
input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem}
button{font:inherit;padding:.5rem 1.25rem;margin:1rem .5rem 0 0}
[role=alert]{border-left:.25rem solid;padding-left:.75rem}
.linked .paste{display:none}`;

// What stands behind the # goes to no server by itself: here it moves into the form, and out of the history.
const SCRIPT = `const take=()=>{
const field=document.querySelector('input[name=token]');
const token=location.hash.slice(1);
if(!field||!token)return;
field.value=token;
document.documentElement.classList.add('linked');
history.replaceState(null,'',location.pathname);
};
addEventListener('hashchange',take);
take();`;

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src ${sha256(STYLE)}`,
    `script-src ${sha256(SCRIPT)}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  Vary: 'Accept-Language',
};

/** What a page says. */
export interface Page {
  readonly status: number;
  readonly language: Language;
  readonly title: string;
  readonly body: Html;
  /** Whether its form brings the token along already, so that nobody has to paste a link. */
  readonly hasToken?: boolean;
}

/** Answers with a whole page that fetches nothing, runs one known script, and stands in no frame and no cache. */
export function sendPage(response: HttpResponse, page: Page, headers: Readonly<Record<string, string>> = {}): void {
  response.statusCode = page.status;
  for (const [name, value] of Object.entries({ ...HEADERS, ...headers })) response.setHeader(name, value);
  response.end(documentOf(page).markup);
}

function documentOf({ language, title, body, hasToken = false }: Page): Html {
  // Its own hash lets it run, so it must stand in the page as it is.
  const [style, script] = [{ markup: STYLE }, { markup: SCRIPT }];
  return html`<!doctype html>
<html lang="${language}" class="${hasToken ? 'linked' : ''}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${title} · IrisVue</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
<script>${script}</script>
</body>
</html>
`;
}
