import { afterAll, beforeAll } from 'vitest';
import { closeScene, openScene } from './scene.ts';

beforeAll(openScene);
afterAll(closeScene);

import './cr-01.ts';
