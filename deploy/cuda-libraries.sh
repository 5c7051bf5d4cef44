#!/bin/sh
# cuda-libraries.sh PROVIDER FOLDER: copies what ONNX Runtime's CUDA provider, somewhere under PROVIDER, is linked with of
# CUDA, and what cuDNN loads besides, into FOLDER. Run inside an image with CUDA and cuDNN. Fails when one is missing.
set -eu
provider=$(find "$1" -name libonnxruntime_providers_cuda.so)
to=$2
mkdir -p "$to"

linked=$(ldd "$provider")
# libcuda comes with the driver when a container starts; libonnxruntime itself lies beside the provider.
missing=$(echo "$linked" | grep 'not found' | grep -v -e 'libcuda\.so' -e libonnxruntime || true)
if [ -n "$missing" ]; then
  echo "not in this image: $missing" >&2
  exit 1
fi
# The C and C++ libraries are those of the image of the service.
of_cuda=$(echo "$linked" | grep -o '/[^ ]*' | grep -e /cuda -e /libcu -e /libnv)
of_cudnn=$(ldconfig -p | grep -e libcudnn -e libnvrtc | grep -o '/[^ ]*')
for library in $of_cuda $of_cudnn; do cp -L "$library" "$to/"; done
ls "$to"/libcudart.so.* "$to"/libcublas.so.* "$to"/libcudnn.so.* >/dev/null
