// What the processor can do, asked from the processor and the operating system. Nothing here changes the process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slimnet::cpu {

// Whether tile instructions (AMX) may be used. Linux hands the tile registers out on request only.
enum class AmxState {
  kAbsent,     // the processor has none
  kRefused,    // the processor has them, the kernel (or a hypervisor) does not offer them
  kAvailable,  // may be asked for; nobody has yet
  kGranted,    // this process has the permission
};

constexpr std::string_view Name(AmxState state) {
  switch (state) {
    case AmxState::kAbsent:
      return "absent";
    case AmxState::kRefused:
      return "refused";
    case AmxState::kAvailable:
      return "available";
    case AmxState::kGranted:
      return "granted";
  }
  return "absent";
}

struct CpuFeatures {
  std::string model;  // e.g. "Intel(R) Xeon(R) Platinum 8488C"; the machine's architecture where it has no name
  bool avx2 = false;
  bool fma = false;
  bool avx512f = false;
  bool avx512bw = false;
  bool avx512vl = false;
  bool avx512dq = false;
  bool avx512_vnni = false;
  bool avx512_bf16 = false;
  bool avx512_fp16 = false;
  bool avx_vnni = false;
  bool amx_tile = false;
  bool amx_bf16 = false;
  bool amx_int8 = false;
  bool amx_fp16 = false;
  AmxState amx = AmxState::kAbsent;

  // Names of the features that are there and usable, in the order above.
  std::vector<std::string> names() const;
};

// Asks the processor (cpuid, xgetbv) and the kernel (arch_prctl); no permission is requested.
CpuFeatures DetectCpuFeatures();

// Bytes of memory of the machine, or of the control group when it has less. 0 when unknown.
size_t HostMemoryBytes();

// Bytes of the second-level cache that the first core has or shares. 0 when unknown.
size_t SecondLevelCacheBytes();

}  // namespace slimnet::cpu
