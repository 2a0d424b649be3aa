// Functions that use the matrix unit are compiled for it one by one: nothing else in a file may end up with its
// instructions.
#pragma once

#define SLIMNET_AMX __attribute__((target("amx-tile,amx-bf16,amx-int8,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define SLIMNET_AMX_INLINE SLIMNET_AMX inline __attribute__((always_inline))

// GCC 12 finds fault with the undefined values that its own header of intrinsics begins with.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
