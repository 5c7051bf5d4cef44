export * from './app.ts';
export { PUBLIC_SERVICES } from './public-services.ts';
export * from './settings.ts';
