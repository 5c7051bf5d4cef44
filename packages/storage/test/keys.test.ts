import { describe, expect, it } from 'vitest';
import * as keys from '../src/keys.ts';
import { checkedKey, checkedPrefix } from '../src/object-key.ts';

const USER = '0197a000-0000-7000-8000-000000000001';
const JOB = '0197a000-0000-7000-8000-000000000002';

describe('the key layout', () => {
  it.each([
    [keys.photoKey(USER, JOB), `photos/${USER}/${JOB}`],
    [keys.resultKey(USER, JOB, 1), `processed/${USER}/${JOB}/1.jpg`],
    [keys.maskKey(USER, JOB, 2), `processed/${USER}/${JOB}/2_mask.png`],
    [keys.workKey(USER, JOB, 3, 'crop.png'), `work/${USER}/${JOB}/3/crop.png`],
    [keys.artworkKey(JOB, 1), `fusion/${JOB}/1.jpg`],
    [keys.artworkThumbnailKey(JOB, 12), `fusion/${JOB}/12_thumb.jpg`],
    [keys.exportKey(USER, JOB, 2), `exports/${USER}/${JOB}/2.zip`],
  ])('has %s', (key, expected) => {
    expect(key).toBe(expected);
    expect(checkedKey(key)).toBe(key);
    expect(keys.TOP_PREFIXES.some((prefix) => key.startsWith(prefix))).toBe(true);
  });

  it.each([
    [keys.photosPrefix(USER), keys.photoKey(USER, JOB)],
    [keys.userResultsPrefix(USER), keys.resultKey(USER, JOB, 1)],
    [keys.resultsPrefix(USER, JOB), keys.resultKey(USER, JOB, 1)],
    [keys.resultsPrefix(USER, JOB), keys.maskKey(USER, JOB, 1)],
    [keys.userWorkPrefix(USER), keys.workKey(USER, JOB, 1, 'crop.png')],
    [keys.workPrefix(USER, JOB), keys.workKey(USER, JOB, 1, 'crop.png')],
    [keys.workAttemptPrefix(USER, JOB, 1), keys.workKey(USER, JOB, 1, 'crop.png')],
    [keys.artworkPrefix(JOB), keys.artworkKey(JOB, 1)],
    [keys.artworkPrefix(JOB), keys.artworkThumbnailKey(JOB, 1)],
    [keys.exportPrefix(USER, JOB), keys.exportKey(USER, JOB, 1)],
    [keys.exportsPrefix(USER), keys.exportKey(USER, JOB, 1)],
  ])('lets the prefix %s cover %s', (prefix, key) => {
    expect(checkedPrefix(prefix)).toBe(prefix);
    expect(key.startsWith(prefix)).toBe(true);
  });

  it('keeps attempts apart', () => {
    expect(keys.workKey(USER, JOB, 11, 'crop.png').startsWith(keys.workAttemptPrefix(USER, JOB, 1))).toBe(false);
  });
});
