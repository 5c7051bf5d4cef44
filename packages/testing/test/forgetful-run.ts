import { freePort } from '@irisvue/embedded';
import { containerServer } from '../src/container-server.ts';

// Starts a server in a container, says under which label, and never disposes of it.
const server = await containerServer('redis', { hostPort: await freePort(), answers: async () => {} });
process.send!(server.session);
