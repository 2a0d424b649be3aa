// A stand-in for CUDA's runtime compiler, libnvrtc.so.13: compiles nothing, and hands out an empty image, so that plans
// of kernels that are compiled when they are needed can be built, though never run. For tests alone.
#include <algorithm>
#include <cstddef>

namespace {

constexpr size_t kImage = 64;  // bytes

int HandOutImage(char* image) {
  constexpr char kMagic[] = {'\177', 'E', 'L', 'F'};
  std::fill_n(image, kImage, '\0');
  std::copy_n(kMagic, sizeof kMagic, image);
  return 0;
}

int HandOutSize(size_t* size, size_t value) {
  *size = value;
  return 0;
}

}  // namespace

#define STAND_IN extern "C" __attribute__((visibility("default"))) int

STAND_IN nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return 0;
}
STAND_IN nvrtcGetNumSupportedArchs(int* count) {
  *count = 4;
  return 0;
}
STAND_IN nvrtcGetSupportedArchs(int* archs) {
  constexpr int kArchs[] = {80, 89, 90, 100};
  std::copy_n(kArchs, 4, archs);
  return 0;
}
STAND_IN nvrtcCreateProgram(void** program, const char*, const char*, int, const char* const*, const char* const*) {
  static char place;
  *program = &place;
  return 0;
}
STAND_IN nvrtcDestroyProgram(void** program) {
  *program = nullptr;
  return 0;
}
STAND_IN nvrtcCompileProgram(void*, int, const char* const*) { return 0; }
STAND_IN __nvrtcCPEx(void*) { return 0; }
STAND_IN nvrtcAddNameExpression(void*, const char*) { return 0; }
STAND_IN nvrtcGetLoweredName(void*, const char* name, const char** lowered) {
  *lowered = name;
  return 0;
}
STAND_IN nvrtcGetCUBINSize(void*, size_t* size) { return HandOutSize(size, kImage); }
STAND_IN nvrtcGetCUBIN(void*, char* image) { return HandOutImage(image); }
STAND_IN nvrtcGetPTXSize(void*, size_t* size) { return HandOutSize(size, kImage); }
STAND_IN nvrtcGetPTX(void*, char* image) { return HandOutImage(image); }
STAND_IN nvrtcGetLTOIRSize(void*, size_t* size) { return HandOutSize(size, 0); }
STAND_IN nvrtcGetLTOIR(void*, char*) { return 0; }
STAND_IN nvrtcGetProgramLogSize(void*, size_t* size) { return HandOutSize(size, 1); }
STAND_IN nvrtcGetProgramLog(void*, char* log) {
  *log = '\0';
  return 0;
}
STAND_IN nvrtcSetFlowCallback(void*, void*, void*) { return 0; }
STAND_IN nvrtcGetPCHCreateStatus(void*) { return 0; }
STAND_IN nvrtcGetPCHHeapSize(size_t* size) { return HandOutSize(size, 0); }
STAND_IN nvrtcSetPCHHeapSize(size_t) { return 0; }
STAND_IN nvrtcGetPCHHeapSizeRequired(void*, size_t* size) { return HandOutSize(size, 0); }
extern "C" __attribute__((visibility("default"))) const char* nvrtcGetErrorString(int) {
  return "a stand-in of slimnet's tests";
}
