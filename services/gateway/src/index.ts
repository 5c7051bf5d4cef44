export * from './app.ts';
export * from './config.ts';
export { PUBLIC_SERVICES } from './public-services.ts';
