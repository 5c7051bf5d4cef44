// Hashes so many passwords at a time and prints by how much that raised its largest resident size, in KiB.
import { hash, verify } from '@node-rs/argon2';
import { createPasswords } from '../../../services/identity/src/passwords.ts';

const ROUNDS = 3;
const parallel = Number(process.argv[2]);

// The smallest argon2 there is loads all that is needed before the start is taken.
await verify(await hash('warm', { memoryCost: 8, timeCost: 1, parallelism: 1 }), 'warm');
const before = process.resourceUsage().maxRSS;
const passwords = await createPasswords({ parallel });
for (let round = 0; round < ROUNDS; round++) {
  await Promise.all(Array.from({ length: parallel }, () => passwords.hash('a password of the bench')));
}
console.log(process.resourceUsage().maxRSS - before);
