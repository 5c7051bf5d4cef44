import { env } from 'node:process';

// Official builds of ONNX Runtime for Linux send what they load and run to Microsoft unless this is set when the library
// starts (since 1.29). Nothing of what people entrust to us, and nothing about it, goes to anybody: import this before
// onnxruntime-node. Found in libonnxruntime.so 1.30: the collector's client, and this variable as its switch.
env['ORT_DISABLE_TELEMETRY'] = '1';
