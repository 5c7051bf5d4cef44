import type { Client } from '@connectrpc/connect';
import type { Circle, CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';

const pageSize = 250;

/** All circles of the caller, newest first. */
export async function allCircles(circles: Client<typeof CircleService>, signal?: AbortSignal): Promise<Circle[]> {
  const all: Circle[] = [];
  let pageToken = '';
  do {
    const page = await circles.listCircles({ pageSize, pageToken }, { signal });
    all.push(...page.circles);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return all;
}

/**
 * The circle of the caller that `named` means: its id, or its name in any case where only one has it.
 * @throws Error when none or several are meant.
 */
export async function findCircle(
  circles: Client<typeof CircleService>,
  named: string,
  signal?: AbortSignal,
): Promise<Circle> {
  const all = await allCircles(circles, signal);
  const meant = (circle: Circle) => circle.id === named || circle.name.toLowerCase() === named.toLowerCase();
  const [circle, another] = all.filter(meant);
  if (circle === undefined) throw new Error(`you are in no circle "${named}"; see: irisvue circle list`);
  if (another !== undefined) throw new Error(`several circles are called "${named}": use an id of irisvue circle list`);
  return circle;
}
