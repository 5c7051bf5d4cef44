/** Linear light, red green blue, 1 = a white paper in the picture's light. */
export type Colour = readonly [number, number, number];

export const irisColours = ['brown', 'dark brown', 'hazel', 'amber', 'green', 'blue', 'grey'] as const;
export type IrisColour = (typeof irisColours)[number];

/** What an iris is painted with: the deep layer, its fibres, the highest fibres, and the zone around the pupil. */
export interface IrisPalette {
  readonly deep: Colour;
  readonly fibre: Colour;
  readonly crest: Colour;
  readonly inner: Colour;
  /** How much of the inner zone's colour shows, 0 to 1. */
  readonly innerStrength: number;
  /** How far the fibres stand out, 1 = blue eyes; pigment hides them in brown ones. */
  readonly relief: number;
}

export const irisPalettes: Readonly<Record<IrisColour, IrisPalette>> = {
  brown: palette('#2a150b', '#6e4022', '#b8824f', '#8a4f22', 0.35, 0.8),
  'dark brown': palette('#160c07', '#3c2314', '#6e4a30', '#4a2a14', 0.3, 0.65),
  hazel: palette('#2f3020', '#73703f', '#b5a468', '#945a20', 0.8, 0.9),
  amber: palette('#4a2f17', '#946833', '#cfa767', '#80501f', 0.5, 0.8),
  green: palette('#26382d', '#64805a', '#b4c08f', '#a8843e', 0.65, 0.95),
  blue: palette('#22394f', '#5a83a3', '#aecbde', '#b09a6a', 0.42, 0.95),
  grey: palette('#303a42', '#74848e', '#c2ccd2', '#a5a08e', 0.3, 1),
};

/** Skin from light to dark. */
export const skinTones: readonly Colour[] = ['#e6c3b0', '#d8ae96', '#c39577', '#a0745a', '#785141', '#54382c'].map(
  linear,
);

function palette(
  deep: string,
  fibre: string,
  crest: string,
  inner: string,
  innerStrength: number,
  relief: number,
): IrisPalette {
  return {
    deep: linear(deep),
    fibre: linear(fibre),
    crest: linear(crest),
    inner: linear(inner),
    innerStrength,
    relief,
  };
}

/** sRGB `#rrggbb` as linear light (IEC 61966-2-1). */
export function linear(hex: string): Colour {
  const channel = (at: number) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}
