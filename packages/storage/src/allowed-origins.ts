import { setting } from '@irisvue/runtime';
import { z } from 'zod';

/** Origins whose pages may upload and download. */
export const originsSetting = setting('IRISVUE_ALLOWED_ORIGINS', z.string().transform(originList), {
  default: 'http://127.0.0.1:8080,http://localhost:8080',
  doc: 'Origins whose pages may upload and download, separated by commas; never "*".',
});

function originList(text: string, context: z.RefinementCtx): string[] {
  const origins = text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  for (const origin of origins) {
    if (URL.parse(origin)?.origin !== origin)
      context.addIssue(`${origin} is not an origin such as https://example.org`);
  }
  return origins;
}
