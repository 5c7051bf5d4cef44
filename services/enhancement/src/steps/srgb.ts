/** Linear light, 0 to 1, of each 8-bit sRGB value (IEC 61966-2-1). */
export const linearLight: Float32Array = Float32Array.from({ length: 256 }, (_, value) => {
  const c = value / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
});

const tableSteps = 4096;
const table = Float32Array.from({ length: tableSteps + 2 }, (_, i) => {
  const light = i / tableSteps;
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
});

/** sRGB value, 0 to 255 and not rounded, of linear light; light outside 0 to 1 is clamped. */
export function srgbValue(light: number): number {
  if (!(light > 0)) return 0;
  if (light >= 1) return 255;
  // Below 1/64 the curve bends too much for straight pieces.
  if (light < 1 / 64) return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
  const at = light * tableSteps;
  const i = Math.floor(at);
  return table[i] + (table[i + 1] - table[i]) * (at - i);
}

/** Relative luminance (Rec. 709) of linear red, green and blue. */
export function luminance(r: number, g: number, b: number): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
