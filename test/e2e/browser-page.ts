// Runs inside the browser of clients.test.ts: one walk through connect-web, as a web app would do it.
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { PhotoService } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';

async function walk(baseUrl: string, token: string, jpegBase64: string): Promise<object> {
  const transport = createConnectTransport({
    baseUrl,
    interceptors: [
      (next) => (request) => {
        request.header.set('authorization', `Bearer ${token}`);
        return next(request);
      },
    ],
  });
  const photos = createClient(PhotoService, transport);
  const jobs = createClient(JobService, transport);
  const bytes = Uint8Array.from(atob(jpegBase64), (c) => c.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const { photo, upload } = await photos.createPhoto({
    requestId: crypto.randomUUID(),
    subjectKind: SubjectKind.SYNTHETIC,
    sha256: [...digest].map((b) => b.toString(16).padStart(2, '0')).join(''),
    sizeBytes: BigInt(bytes.length),
    contentType: 'image/jpeg',
  });
  const put = await fetch(upload!.url, { method: upload!.method, headers: upload!.headers, body: bytes });
  if (!put.ok) throw new Error(`upload answered HTTP ${put.status}`);
  await photos.confirmPhoto({ photoId: photo!.id });
  const submitted = await jobs.createJobs({ requestId: crypto.randomUUID(), photoIds: [photo!.id] });
  let snapshots = 0;
  let last = submitted.jobs[0]!;
  for await (const { job } of jobs.watchJobs({ jobIds: [last.id] })) {
    snapshots++;
    last = job!;
  }
  const status = Object.entries(JobStatus).find(([, value]) => value === last.status)?.[0];
  return { status, progress: last.progress, snapshots };
}

Object.assign(globalThis, { walk });
