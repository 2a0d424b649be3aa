// Division by a number that a kernel is given: processors of GPUs have no instruction for it.
#pragma once

#include "backends/cudnn/kernels/each.h"

namespace slimnet::cudnn {

// The upper half of the product.
SLIMNET_BODY uint64_t HighProduct(uint64_t a, uint64_t b) {
#ifdef __CUDA_ARCH__
  return __umul64hi(a, b);
#else
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((Wide{a} * b) >> 64);
#endif
}

// Granlund and Montgomery, "Division by Invariant Integers using Multiplication" (PLDI 1994). Dividends are not
// negative, divisors at least 1.
struct Divider {
  int64_t divisor = 1;
  uint64_t factor = 1;
  int64_t shift = 0;

  Divider() = default;
  explicit Divider(int64_t by) : divisor(by) {
    __extension__ using Wide = unsigned __int128;
    const auto d = static_cast<uint64_t>(by);
    while (shift < 63 && (uint64_t{1} << shift) < d) ++shift;
    factor = static_cast<uint64_t>((Wide{(uint64_t{1} << shift) - d} << 64) / d + 1);
  }

  SLIMNET_BODY int64_t Quotient(int64_t dividend) const {
    const auto n = static_cast<uint64_t>(dividend);
    return static_cast<int64_t>((HighProduct(n, factor) + n) >> shift);
  }

  // Puts the remainder into `dividend`, and returns the quotient.
  SLIMNET_BODY int64_t Split(int64_t& dividend) const {
    const int64_t quotient = Quotient(dividend);
    dividend -= quotient * divisor;
    return quotient;
  }
};

}  // namespace slimnet::cudnn
