import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import type { DescMethod, DescService } from '@bufbuild/protobuf';

const CONTRACTS = join(import.meta.dirname, '../../../packages/contracts/gen/irisvue');

/** The processes that answer each service; a service that is missing here fails the test that asks for it. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  'irisvue.identity.v1.IdentityService': ['identity'],
  'irisvue.identity.v1.CircleService': ['identity'],
  'irisvue.identity.v1.ServiceIdentityService': ['identity'],
  'irisvue.identity.v1.ServiceCircleService': ['identity'],
  'irisvue.consent.v1.ConsentService': ['consent'],
  'irisvue.consent.v1.SubjectService': ['consent'],
  'irisvue.consent.v1.ConsentCheckService': ['consent'],
  'irisvue.consent.v1.RetentionService': ['consent'],
  'irisvue.privacy.v1.AuditService': ['consent'],
  'irisvue.privacy.v1.PrivacyService': ['consent'],
  'irisvue.privacy.v1.ExportDownloadService': ['consent'],
  'irisvue.privacy.v1.SubjectDataService': ['identity', 'jobs'],
  'irisvue.jobs.v1.PhotoService': ['jobs'],
  'irisvue.jobs.v1.JobService': ['jobs'],
  'irisvue.jobs.v1.ArtworkService': ['jobs'],
  'irisvue.jobs.v1.DownloadService': ['jobs'],
  'irisvue.segmentation.v1.SegmentationService': ['segmentation'],
  'irisvue.enhancement.v1.EnhancementService': ['enhancement'],
  'irisvue.fusion.v1.FusionService': ['fusion'],
  'irisvue.vision.v1.VisionService': ['segmentation', 'enhancement', 'fusion'],
};

/** Every method of every contract, by its full name, in the order of the files. */
export async function everyMethod(): Promise<ReadonlyMap<string, DescMethod>> {
  const files = (await Array.fromAsync(glob('**/*_pb.ts', { cwd: CONTRACTS }))).sort();
  const modules: Record<string, unknown>[] = await Promise.all(files.map((file) => import(join(CONTRACTS, file))));
  const methods = modules.flatMap((module) => Object.values(module).filter(isService)).flatMap((s) => s.methods);
  return new Map(methods.map((method) => [`${method.parent.typeName}/${method.name}`, method]));
}

/** The processes that answer a method. */
export function homesOf(method: DescMethod): readonly string[] {
  const homes = HOMES[method.parent.typeName];
  if (homes === undefined)
    throw new Error(`${method.parent.typeName}: say in every-method.ts which process answers it`);
  return homes;
}

function isService(value: unknown): value is DescService {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'service';
}
