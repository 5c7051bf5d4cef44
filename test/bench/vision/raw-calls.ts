import '../../../packages/vision/src/no-telemetry.ts'; // before onnxruntime-node
import { InferenceSession } from 'onnxruntime-node';

type Run = (...parameters: unknown[]) => Promise<unknown>;

/** Counts from now on the time inside all calls of onnxruntime's sessions in this process, wherever they come from. */
export function timeRawCalls(): { /** Milliseconds since the last time it was asked. */ take(): number } {
  const { prototype } = InferenceSession as unknown as { readonly prototype: { run: Run } };
  const run = prototype.run;
  let ms = 0;
  prototype.run = async function (this: unknown, ...parameters: unknown[]) {
    const start = performance.now();
    const result = await run.apply(this, parameters);
    ms += performance.now() - start;
    return result;
  };
  return {
    take: () => {
      const taken = ms;
      ms = 0;
      return taken;
    },
  };
}
