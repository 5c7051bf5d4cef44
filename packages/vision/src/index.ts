export * from './geometry.ts';
export * from './image.ts';
