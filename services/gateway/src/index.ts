export * from './app.ts';
export * from './settings.ts';
export { PUBLIC_SERVICES } from './public-services.ts';
