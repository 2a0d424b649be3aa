// The loops for the matrix unit, over a unit in software. They still need AVX-512 with bfloat16.
#pragma once

#include "backends/cpu/amx/conv.h"

namespace slimnet::testing {

void AmxConvInSoftware(const cpu::AmxConvShape& shape, const cpu::AmxConvKind& kind, const void* x, const void* packed,
                       const cpu::AmxConvTail& tail, void* y, void* scratch, int part, int parts);

}  // namespace slimnet::testing
