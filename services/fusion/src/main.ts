import { loadSettings, runMain } from '@irisvue/runtime';
import { createApp } from './app.ts';
import { fusionSettings } from './settings.ts';

runMain('fusion', () => createApp(loadSettings(fusionSettings)));
