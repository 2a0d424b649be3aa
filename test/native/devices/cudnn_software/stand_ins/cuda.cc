// A stand-in for the driver's library, libcuda.so.1, on machines that have none: what cuDNN 9.19 needs to see while it
// builds plans. Says that there is no device whenever it is asked for one. For tests alone.
#include <cstddef>
#include <cstdint>

namespace {

// CUDA's success, and its "no device".
constexpr int kDone = 0;
constexpr int kNoDevice = 100;

// A handle that nobody looks into, but that must not be null.
int HandOut(void** handle) {
  static char place;
  *handle = &place;
  return kDone;
}

}  // namespace

#define STAND_IN extern "C" __attribute__((visibility("default"))) int

STAND_IN cuDriverGetVersion(int* version) {
  *version = 13000;
  return kDone;
}
STAND_IN cuLibraryLoadData(void** library, const void*, void*, void*, unsigned, void*, void*, unsigned) {
  return HandOut(library);
}
STAND_IN cuLibraryGetKernel(void** kernel, void*, const char*) { return HandOut(kernel); }
STAND_IN cuKernelGetFunction(void** function, void*) { return HandOut(function); }
STAND_IN cuLibraryUnload(void*) { return kDone; }

// Looked up by name, and never called with success while plans are built.
#define NO_DEVICE(name) \
  STAND_IN name() { return kNoDevice; }
NO_DEVICE(cuInit)
NO_DEVICE(cuCtxGetCurrent)
NO_DEVICE(cuCtxGetLimit)
NO_DEVICE(cuCtxPopCurrent)
NO_DEVICE(cuCtxPushCurrent)
NO_DEVICE(cuDeviceGet)
NO_DEVICE(cuDeviceGetCount)
NO_DEVICE(cuGetErrorName)
NO_DEVICE(cuGetErrorString)
NO_DEVICE(cuKernelGetAttribute)
NO_DEVICE(cuKernelSetAttribute)
NO_DEVICE(cuLaunchCooperativeKernel)
NO_DEVICE(cuLaunchKernel)
NO_DEVICE(cuLaunchKernelEx)
NO_DEVICE(cuLibraryLoadFromFile)
NO_DEVICE(cuLinkAddData)
NO_DEVICE(cuLinkComplete)
NO_DEVICE(cuLinkCreate)
NO_DEVICE(cuLinkDestroy)
NO_DEVICE(cuOccupancyMaxPotentialClusterSize)
NO_DEVICE(cuStreamGetCtx)
