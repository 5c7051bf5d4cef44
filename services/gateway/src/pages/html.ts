/** Text that is HTML already. Made by html`…` only, which escapes all that is put into it. */
export interface Html {
  readonly markup: string;
}

/** HTML with values in it: strings are escaped, other HTML and lists of it stay as they are. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const markup = parts.reduce((text, part, i) => text + markupOf(values[i - 1] ?? '') + part);
  return { markup };
}

function markupOf(value: string | Html | readonly Html[]): string {
  if (typeof value === 'string') return escaped(value);
  return 'markup' in value ? value.markup : value.map(markupOf).join('');
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
