export { childPids } from './child-pids.ts';
export { type RenderedEye, renderEye } from './rendered-eye.ts';
export { type IrisColour, irisColours } from './rendered-eye-colours.ts';
export { type EyeRequest, type Light, lights } from './rendered-eye-scene.ts';
export { temporaryFolder } from './temporary-folder.ts';
export { createTestDatabase, type TestDatabase } from './test-database.ts';
export { startTestMesh, type TestMesh } from './test-mesh.ts';
export { startNats, startRedis, type TestServer } from './test-servers.ts';
export { until } from './until.ts';
