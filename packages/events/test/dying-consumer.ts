import { JobSubmittedSchema } from '@irisvue/contracts/irisvue/jobs/v1/events';
import { createLogger } from '@irisvue/runtime';
import { connectEvents, consumeEvents, handler } from '../src/index.ts';

// A process that dies with an event in its hands, as a crash would have it: argv has the server and the consumer's name.
const [url, durable] = process.argv.slice(2);
const logger = createLogger({ service: 'test', level: 'silent' });
const bus = await connectEvents({ url, name: 'dying', logger });
await consumeEvents({
  bus,
  durable,
  ackWaitMs: 1_000,
  on: [handler(JobSubmittedSchema, async () => process.kill(process.pid, 'SIGKILL') && new Promise(() => undefined))],
  logger,
  signal: new AbortController().signal,
});
