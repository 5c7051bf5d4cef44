export { type RenderedEye, renderEye } from './rendered-eye.ts';
export { type IrisColour, irisColours } from './rendered-eye-colours.ts';
export { type EyeRequest, type Light, lights } from './rendered-eye-scene.ts';
