/** What a slot is pinned to: the CPU, or one CUDA device by its index. */
export type Device = 'cpu' | `cuda:${number}`;

/** Whether a text names a device: "cpu" or "cuda:N". */
export function isDevice(text: string): text is Device {
  return /^(cpu|cuda:\d{1,3})$/.test(text);
}

/** ONNX Runtime's name of what computes on a device. */
export function executionProvider(device: Device): 'cpu' | 'cuda' {
  return device === 'cpu' ? 'cpu' : 'cuda';
}

/** Index of a CUDA device. */
export function cudaIndex(device: `cuda:${number}`): number {
  return Number(device.slice('cuda:'.length));
}
