import { loadSettings, runMain } from '@irisvue/runtime';
import { createApp } from './app.ts';
import { segmentationSettings } from './settings.ts';

runMain('segmentation', () => createApp(loadSettings(segmentationSettings)));
