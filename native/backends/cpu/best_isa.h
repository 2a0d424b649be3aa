// Loops that are compiled once for each instruction set and chosen when they run.
#pragma once

#define SLIMNET_INLINE inline __attribute__((always_inline))
// Behind the parameters of a lambda.
#define SLIMNET_INLINE_BODY __attribute__((always_inline))

namespace slimnet::cpu {

#if defined(__x86_64__)
template <class Loop>
__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))) void WithAvx512(const Loop& loop) {
  loop();
}
template <class Loop>
__attribute__((target("avx2,fma"))) void WithAvx2(const Loop& loop) {
  loop();
}
#endif

// Calls `loop`, a lambda with SLIMNET_INLINE_BODY that calls nothing but what is inlined into it: else that part would
// stay with the instructions that every processor has.
template <class Loop>
void WithBestIsa(const Loop& loop) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    return WithAvx512(loop);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return WithAvx2(loop);
#endif
  loop();
}

}  // namespace slimnet::cpu
