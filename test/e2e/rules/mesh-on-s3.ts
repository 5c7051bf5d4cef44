import { type RecordedRequest, startRealS3, startRecordingProxy, startTestMesh, type TestMesh } from '@irisvue/testing';

/** A mesh whose objects lie in a real S3 store, behind a wire that shows what is sent to it. */
export interface MeshOnS3 extends AsyncDisposable {
  readonly mesh: TestMesh;
  readonly requests: readonly RecordedRequest[];
  /** Path of the bucket. */
  readonly bucket: string;
}

/** Starts one; takes 10 to 20 s longer than a mesh on a folder. Needs what isRealS3Installed() looks for. */
export async function startMeshOnS3(): Promise<MeshOnS3> {
  await using stack = new AsyncDisposableStack();
  const s3 = stack.use(await startRealS3());
  const storage = new URL(s3.storeUrl('irises'));
  const wire = stack.use(await startRecordingProxy(new URL(`http://${storage.host}`)));
  storage.host = new URL(wire.url).host;
  const mesh = stack.use(await startTestMesh({ env: { IRISVUE_STORAGE_URL: storage.href } }));
  const running = stack.move();
  return {
    mesh,
    requests: wire.requests,
    bucket: storage.pathname,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
