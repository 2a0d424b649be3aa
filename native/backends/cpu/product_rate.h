// What the names of a processor's instructions do not tell: how often it can start them.
#pragma once

#include "backends/cpu/cpu_features.h"

namespace slimnet::cpu {

// How many products of bfloat16 numbers one core makes in the time of one of float32 numbers, by the instructions of
// AVX-512 for both (vdpbf16ps, vfmadd231ps): 2 where one is started as often as the other, 1 where half as often. 0 on
// processors without them. Measured on the calling thread in some 30 us; the best of many tries, so that it does not
// depend on what else the machine does.
double BFloat16ProductRate(const CpuFeatures& features);

}  // namespace slimnet::cpu
