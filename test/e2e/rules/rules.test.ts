import { afterAll, beforeAll } from 'vitest';
import { closeScene, openScene } from './scene.ts';

// Each file holds the tests of one rule. They share one mesh, which only ever gets older: rules about terms of months
// come last.

beforeAll(openScene);
afterAll(closeScene);

import './cr-01.ts';
import './cr-02.ts';
import './cr-03.ts';
import './cr-04.ts';
import './cr-05.ts';
import './cr-07.ts';
import './cr-08.ts';
import './cr-09.ts';
import './cr-10.ts';
import './cr-11.ts';
import './cr-13.ts';
import './cr-14.ts';
import './cr-15.ts';
import './cr-16.ts';
import './cr-18.ts';
import './cr-19.ts';
import './cr-20.ts';
import './cr-17.ts';
import './cr-12.ts';
import './cr-06.ts';
