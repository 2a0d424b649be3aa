#include "backends/cpu/product_rate.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace slimnet::cpu {

#if defined(__x86_64__)

namespace {

constexpr int kTries = 16;
constexpr int kRepeats = 400;  // of 16 instructions: about a microsecond, which an interruption seldom meets

// Sixteen sums that do not wait for one another, so that it is the rate of the instruction that is seen, not its
// latency. All numbers are zeros.
#define SLIMNET_REPEAT(instruction)                                                                             \
  int repeats = kRepeats;                                                                                       \
  __asm__ volatile(                                                                                             \
      ".irp sum, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16\n"                                    \
      "vpxord %%zmm\\sum, %%zmm\\sum, %%zmm\\sum\n"                                                             \
      ".endr\n"                                                                                                 \
      "1:\n"                                                                                                    \
      ".irp sum, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n" instruction                            \
      " %%zmm16, %%zmm16, %%zmm\\sum\n"                                                                         \
      ".endr\n"                                                                                                 \
      "decl %0\n"                                                                                               \
      "jnz 1b\n"                                                                                                \
      : "+r"(repeats)                                                                                           \
      :                                                                                                         \
      : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", \
        "xmm12", "xmm13", "xmm14", "xmm15", "xmm16")

__attribute__((target("avx512f"))) void MultiplyFloat32() { SLIMNET_REPEAT("vfmadd231ps"); }
__attribute__((target("avx512f"))) void MultiplyBFloat16() { SLIMNET_REPEAT("vdpbf16ps"); }

#undef SLIMNET_REPEAT

double Nanoseconds(void (*work)()) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

double BFloat16ProductRate(const CpuFeatures& features) {
  if (!features.avx512f || !features.avx512_bf16) return 0;
  double float32 = std::numeric_limits<double>::max();
  double bfloat16 = float32;
  for (int i = 0; i < kTries; ++i) {
    float32 = std::min(float32, Nanoseconds(&MultiplyFloat32));
    bfloat16 = std::min(bfloat16, Nanoseconds(&MultiplyBFloat16));
  }
  constexpr double kProducts = 2;  // that vdpbf16ps makes for one of the other
  return bfloat16 > 0 ? kProducts * float32 / bfloat16 : 0;
}

#else

double BFloat16ProductRate(const CpuFeatures&) { return 0; }

#endif

}  // namespace slimnet::cpu
