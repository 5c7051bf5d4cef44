import type { ErrorReason } from '@irisvue/runtime';
import type { Device } from './device.ts';

// What crosses between a service and its slots. Requests and responses travel as Protobuf bytes; pixels never do.

/** What a slot may use. */
export interface SlotShare {
  readonly device: Device;
  /** For ONNX and libvips together. */
  readonly threads: number;
}

/** A model as capabilities list it. */
export interface LoadedModel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly executionProvider: string;
}

/** From the service to a slot. A slot is loaded once and runs one call at a time. */
export type ToSlot =
  | { readonly kind: 'load'; readonly share: SlotShare }
  | {
      readonly kind: 'run';
      /** Full name, `package.Service/Method`. */
      readonly method: string;
      readonly request: Uint8Array;
      /** W3C trace context. */
      readonly trace: Readonly<Record<string, string>>;
    };

/** How a call failed inside a slot. With a reason it is meant for the caller, without one it is our fault. */
export interface SlotFailure {
  readonly message: string;
  readonly stack: string;
  readonly reason?: ErrorReason;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** From a slot to the service. */
export type FromSlot =
  | { readonly kind: 'ready'; readonly models: readonly LoadedModel[] }
  | { readonly kind: 'unusable'; readonly failure: SlotFailure }
  | { readonly kind: 'response'; readonly response: Uint8Array }
  | { readonly kind: 'failed'; readonly failure: SlotFailure }
  /** The call is done. `peakMib`: the process's largest resident size so far; `modelMs`: time inside networks. */
  | { readonly kind: 'done'; readonly peakMib: number; readonly modelMs: number };
