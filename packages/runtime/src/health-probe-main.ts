import { isServing } from './grpc-health-probe.ts';

// The health check of a container: exits 0 when the service on the port that is its argument serves, else 1.
const LIMIT_MS = 4_000;
const [port] = process.argv.slice(2);
process.exitCode = (await isServing(`http://127.0.0.1:${port}`, LIMIT_MS)) ? 0 : 1;
