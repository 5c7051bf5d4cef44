import { counter, durations, gauges } from '@irisvue/runtime';

/** What a pool tells of its slots. */
export interface SlotMetrics extends Disposable {
  /** A call ended: done, failed (the step threw), or died (killed, crashed, aborted, out of time). */
  ended(call: { readonly method: string; readonly outcome: 'done' | 'failed' | 'died'; readonly ms: number }): void;
  /** Time of one call inside networks. */
  inModel(call: { readonly method: string; readonly ms: number }): void;
  /** A slot's process is gone that nobody meant to end. */
  lost(): void;
}

/** Measures a pool. `read` gives its slots now: all, alive, and those that wait for a call. */
export function slotMetrics(
  read: () => { readonly slots: number; readonly alive: number; readonly idle: number },
): SlotMetrics {
  const calls = durations('irisvue_slot_call_seconds', 'Time of a call in its slot, in seconds.');
  const models = durations('irisvue_model_seconds', 'Time of a call inside networks, in seconds.');
  const losses = counter('irisvue_slot_losses_total', 'Slots whose process ended and was replaced.');
  const now = gauges(
    {
      irisvue_slots: 'Slots of this process.',
      irisvue_slots_alive: 'Slots whose process runs.',
      irisvue_slots_busy: 'Slots that cannot take a call: at work, or being loaded.',
    },
    () => {
      const { slots, alive, idle } = read();
      return [
        { name: 'irisvue_slots', labels: {}, value: slots },
        { name: 'irisvue_slots_alive', labels: {}, value: alive },
        { name: 'irisvue_slots_busy', labels: {}, value: slots - idle },
      ];
    },
  );
  return {
    ended: ({ method, outcome, ms }) => calls(ms, { rpc_method: shortName(method), outcome }),
    inModel: ({ method, ms }) => models(ms, { rpc_method: shortName(method) }),
    lost: () => losses({}),
    [Symbol.dispose]: () => now[Symbol.dispose](),
  };
}

// "irisvue.segmentation.v1.SegmentationService/Segment" is "Segment" among the metrics of its service.
const shortName = (method: string): string => method.slice(method.indexOf('/') + 1);
