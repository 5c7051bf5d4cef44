import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type Job,
  JobClass,
  type JobLinks,
  JobSchema,
  JobStep,
  StepRecordSchema,
} from '@irisvue/contracts/irisvue/jobs/v1/job';
import {
  IrisGeometrySchema,
  ProvenanceSchema,
  QualityMeasureSchema,
  RejectionSchema,
} from '@irisvue/contracts/irisvue/media/v1/media';
import type { JobRow } from './change-job.ts';
import { ERROR_TYPES, JOB_KINDS, JOB_STATUSES, JOB_STEPS } from './job-enums.ts';
import type { StepRow } from './job-store.ts';
import { fromColumn } from './message-column.ts';
import { JobClassRank } from './schema.ts';

const CLASSES = new Map<number, JobClass>([
  [JobClassRank.high_priority, JobClass.HIGH_PRIORITY],
  [JobClassRank.default, JobClass.DEFAULT],
  [JobClassRank.background, JobClass.BACKGROUND],
]);

/** A job as its owner sees it. `steps` may hold those of other jobs too. */
export function jobMessage(row: JobRow, steps: readonly StepRow[], links?: JobLinks): Job {
  return create(JobSchema, {
    id: row.id,
    kind: JOB_KINDS[row.kind],
    photoId: row.photo_id ?? '',
    artworkId: row.artwork_id ?? '',
    status: JOB_STATUSES[row.status],
    step: row.step === null ? JobStep.UNSPECIFIED : JOB_STEPS[row.step],
    progress: row.progress,
    revision: BigInt(row.revision),
    attempt: row.attempt,
    jobClass: CLASSES.get(row.job_class) ?? JobClass.UNSPECIFIED,
    priority: row.priority,
    ...endingOf(row),
    ...measuredBy(row),
    steps: steps.filter((step) => step.job_id === row.id).map(stepRecord),
    links,
    createTime: timestampFromDate(row.created_at),
    updateTime: timestampFromDate(row.updated_at),
  });
}

function endingOf(row: JobRow) {
  const { started_at, ended_at } = row;
  return {
    errorType: row.error_type === null ? undefined : ERROR_TYPES[row.error_type],
    errorMessage: row.error_message ?? '',
    suggestion: row.suggestion ?? '',
    rejection: fromColumn(RejectionSchema, row.rejection),
    processingTimeMs: started_at && ended_at ? BigInt(ended_at.getTime() - started_at.getTime()) : 0n,
  };
}

function measuredBy(row: JobRow) {
  return {
    geometry: fromColumn(IrisGeometrySchema, row.geometry),
    qualityScore: row.quality_score ?? 0,
    measures: row.measures?.flatMap((measure) => fromColumn(QualityMeasureSchema, measure) ?? []) ?? [],
    resultWidth: row.result_width ?? 0,
    resultHeight: row.result_height ?? 0,
  };
}

function stepRecord(row: StepRow) {
  return create(StepRecordSchema, {
    step: JOB_STEPS[row.step],
    attempt: row.attempt,
    durationMs: BigInt(row.duration_ms),
    provenance: fromColumn(ProvenanceSchema, row.provenance),
  });
}
