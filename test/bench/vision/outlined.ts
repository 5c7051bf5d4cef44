import { type Image, type Mask, resizeImage } from '@irisvue/vision';

/** Longest side of a picture on the page. */
const longest = 420;
const trueColour = [60, 230, 90];
const foundColour = [255, 60, 60];

/** The picture, small, with the outline of the true mask in green and of the found one in red. */
export async function outlined(image: Image, truth: Mask | undefined, found: Mask | undefined): Promise<Image> {
  const scale = Math.min(1, longest / Math.max(image.width, image.height));
  const [width, height] = [Math.round(image.width * scale), Math.round(image.height * scale)];
  const small = await resizeImage(image, width, height, 'area');
  const out = { ...small, data: new Uint8Array(small.data) };
  if (truth) drawOutline(out, truth, trueColour);
  if (found) drawOutline(out, found, foundColour);
  return out;
}

function drawOutline({ width, height, data }: Image, mask: Mask, colour: readonly number[]): void {
  const set = (x: number, y: number): boolean => {
    const column = Math.floor(((x + 0.5) * mask.width) / width);
    const row = Math.floor(((y + 0.5) * mask.height) / height);
    return mask.data[row * mask.width + column] > 127;
  };
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      if (set(x, y) !== set(x + 1, y) || set(x, y) !== set(x, y + 1)) data.set(colour, (y * width + x) * 3);
    }
  }
}
