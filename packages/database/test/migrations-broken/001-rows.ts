export { up } from '../migrations/001-rows.ts';
