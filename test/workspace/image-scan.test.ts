import { expect, test } from 'vitest';
import { debianPackage } from '../../deploy/image-packages.ts';
import { behind } from '../../deploy/scan.ts';

const POLICY = `libc6:
  Installed: 2.36-9+deb12u10
  Candidate: 2.36-9+deb12u14
  Version table:
     2.36-9+deb12u14 500
libstdc++6:
  Installed: 12.2.0-14+deb12u1
  Candidate: 12.2.0-14+deb12u1
  Version table:
 *** 12.2.0-14+deb12u1 100
libgone1:
  Installed: (none)
  Candidate: (none)
`;

test('a package of Debian is behind when the newest is another, and when Debian has it no more', () => {
  const held = new Map([
    ['libc6', '2.36-9+deb12u10'],
    ['libstdc++6', '12.2.0-14+deb12u1'],
    ['libgone1', '1.0-1'],
  ]);
  expect(behind(held, POLICY)).toEqual([
    ['libc6', '2.36-9+deb12u10', '2.36-9+deb12u14'],
    ['libgone1', '1.0-1', '(none)'],
  ]);
});

test('a package is named as dpkg names it', () => {
  const status = 'Package: libgcc-s1\nStatus: install ok installed\nSource: gcc-12\nVersion: 12.2.0-14+deb12u1\n';
  expect(debianPackage(status)).toEqual(['libgcc-s1', '12.2.0-14+deb12u1']);
});
