import { loadSettings, runMain } from '@irisvue/runtime';
import { createApp } from './app.ts';
import { enhancementSettings } from './settings.ts';

runMain('enhancement', () => createApp(loadSettings(enhancementSettings)));
