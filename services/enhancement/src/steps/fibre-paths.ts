import type { PolarFrame } from './polar-frame.ts';

/** How much a ray says inside the iris, where a circle says 1: fibres run along rays, but zones of colour around. */
const alongRay = 0.7;
/** At the borders of pupil and iris, how much more the circle says than the ray does. */
const alongBorder = 40;
/** Half width of those borders, in rho. */
const border = 0.06;
/** The pupil's middle, up to this rho: circles are too short there to say more than rays. */
const middle = -0.6;

/** How much a pixel listens to what lies along its ray and along its circle. */
export interface Pull {
  readonly ray: number;
  readonly circle: number;
}

/**
 * Inside the iris both count alike; the borders of pupil and iris run along circles. So does the pupil: along its rays the softness of
 * its edge would run inwards.
 */
function pullAt(rho: number): Pull {
  if (rho < middle) return { ray: 1, circle: 1 };
  if (rho < border || rho > 1 - border) return { ray: 1, circle: alongBorder };
  return { ray: alongRay, circle: 1 };
}

/** A point at a signed distance, in pixels. */
export type Path = (distance: number) => readonly [x: number, y: number];

/** Where a pixel looks: outwards and inwards along its ray, both ways along its circle. */
export interface Paths {
  readonly pull: Pull;
  readonly ray: Path;
  readonly circle: Path;
}

/** Paths from a place in pixels, corner origin; positive is outwards, and from +x towards +y. */
export function pathsFrom(frame: PolarFrame, x: number, y: number): Paths {
  const { rho, outX, outY } = frame.place(x, y);
  const radius = Math.max(1, Math.hypot(x - frame.centreX, y - frame.centreY));
  return {
    pull: pullAt(rho),
    ray: (d) => [x + outX * d, y + outY * d],
    circle: (d) => {
      const cos = Math.cos(d / radius);
      const sin = Math.sin(d / radius);
      return [frame.centreX + radius * (outX * cos - outY * sin), frame.centreY + radius * (outX * sin + outY * cos)];
    },
  };
}
