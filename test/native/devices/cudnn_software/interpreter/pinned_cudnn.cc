#include "native/devices/cudnn_software/interpreter/pinned_cudnn.h"

#include <dlfcn.h>

#include <string>

#include "base/error.h"

// Given by CMake: the file of the pinned library, or why there is none; the folder of the stand-ins.
#ifndef SLIMNET_CUDNN_LIBRARY
#define SLIMNET_CUDNN_LIBRARY ""
#endif
#ifndef SLIMNET_CUDNN_MISSING
#define SLIMNET_CUDNN_MISSING "the build had no cuDNN"
#endif

namespace slimnet::testing {
namespace {

// cuDNN finds what is open already by its soname.
void OpenStandIn(const char* soname) {
  if (dlopen(soname, RTLD_NOW | RTLD_NOLOAD) != nullptr) return;
  const std::string file = std::string(SLIMNET_CUDNN_STAND_INS) + "/" + soname;
  if (dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* const error = dlerror();
    throw Error(ErrorCode::kBackend,
                "The stand-in " + file + " cannot be opened: " + (error ? error : "dlopen failed"));
  }
}

}  // namespace

std::filesystem::path PinnedCudnnFile() { return SLIMNET_CUDNN_LIBRARY; }

std::filesystem::path StandInFolder() { return SLIMNET_CUDNN_STAND_INS; }

Verdict HasPinnedCudnn() {
  const std::filesystem::path file = PinnedCudnnFile();
  if (file.empty()) return Verdict::No(SLIMNET_CUDNN_MISSING);
  if (!std::filesystem::exists(file)) {
    return Verdict::No(file.string() + " is gone; node scripts/third_party.mjs cudnn gets it again");
  }
  return Verdict::Yes();
}

void OpenStandIns() {
  OpenStandIn("libcuda.so.1");
  OpenStandIn("libnvrtc.so.13");
}

std::shared_ptr<const cudnn::Library> OpenPinnedCudnn() {
  if (const Verdict verdict = HasPinnedCudnn(); !verdict) throw Error(ErrorCode::kBackend, verdict.reason);
  OpenStandIns();
  return cudnn::Library::Open({{PinnedCudnnFile().parent_path().string()}, false});
}

const std::string& H200() {
  static const std::string text =
      R"({"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,)"
      R"("multiProcessorCount":132,"warpSize":32,"maxSharedMemoryPerBlock":49152,)"
      R"("maxSharedMemoryPerBlockOptin":232448,"reservedSharedMemoryPerBlock":1024,)"
      R"("oversizedSharedMemoryPerBlock":0,"maxRegistersPerSM":65536,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,)"
      R"("maxThreadsPerSM":2048,"pciDeviceId":0,"isTccDriver":0,"supportCoopLaunch":1,)"
      R"("totalGlobalMem":150754820096,"smClockRateKHz":1980000,"memClockRateKHz":3201000,"memoryBusWidth":6144,)"
      R"("l2CacheSize":62914560,"cudaDeviceId":0,"deviceVer":900,"driverVer":13000,"deviceName":"NVIDIA H200"})";
  return text;
}

}  // namespace slimnet::testing
