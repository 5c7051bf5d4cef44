/**
 * Lays out what `./irisvue demo` made as the picture of the README.
 *
 *   node test/workspace/demo-picture.ts irisvue-out docs/demo.jpg
 */
import { join, resolve } from 'node:path';
import sharp from 'sharp';

const samples = resolve(import.meta.dirname, '../../samples');
const [demo = 'irisvue-out', out = 'docs/demo.jpg'] = process.argv.slice(2);
const names = ['blue', 'brown', 'grey', 'hazel'];
const cell = 240;
const gap = 12;
const photoWidth = (cell * 4) / 3;
const side = cell * names.length + gap * (names.length - 1);

async function fitted(file: string, width: number, height: number): Promise<Buffer> {
  return sharp(file).resize(Math.round(width), Math.round(height)).toBuffer();
}

const pieces: { input: Buffer; left: number; top: number }[] = [];
for (const [row, name] of names.entries()) {
  const top = row * (cell + gap);
  const photo = join(samples, `${name}.jpg`);
  pieces.push({ input: await fitted(photo, photoWidth, cell), left: 0, top });
  pieces.push({ input: await fitted(join(demo, `${name}_iris.jpg`), cell, cell), left: photoWidth + gap, top });
}
const art = (side - gap) / 2;
const left = photoWidth + cell + 2 * gap;
pieces.push({ input: await fitted(join(demo, 'fusion.jpg'), art, art), left, top: 0 });
pieces.push({ input: await fitted(join(demo, 'composition.jpg'), art, art), left, top: Math.round(art + gap) });
const width = Math.round(left + art);
await sharp({ create: { width, height: side, channels: 3, background: '#000' } })
  .composite(pieces)
  .jpeg({ quality: 86 })
  .toFile(out);
