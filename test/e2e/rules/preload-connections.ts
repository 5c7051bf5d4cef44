import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';

// Loaded before a process of the mesh (node --import): writes a line into the file that CONNECTIONS names for each host
// that the process opens a connection to. Databases, streams, HTTP of every version: all go through a net.Socket.

const file = process.env['CONNECTIONS'];

if (file !== undefined) {
  const connect = Socket.prototype.connect;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    // Callers within Node.js hand over what they have normalized: one array.
    const [target, host] = (Array.isArray(args[0]) ? args[0] : args) as [unknown, unknown];
    const named = typeof target === 'object' && target !== null ? (target as { host?: string; path?: string }) : {};
    appendFileSync(file, `${named.path ?? named.host ?? (typeof host === 'string' ? host : 'localhost')}\n`);
    return Reflect.apply(connect, this, args);
  } as typeof connect;
}
