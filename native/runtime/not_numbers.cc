#include "runtime/not_numbers.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>

namespace slimnet {
namespace {

constexpr uint32_t kMagnitude = 0x7fffffff;
constexpr uint32_t kInfinity = 0x7f800000;

// A thread that is woken up for less would come too late.
constexpr size_t kPiece = size_t{64} << 10;
constexpr size_t kBlock = 256;

// The largest magnitude as bits: those of NaN are above infinity's, those of infinity above all others. Blocks of a
// size that the compiler knows become vectors.
uint32_t LargestMagnitude(const float* values, size_t count) {
  uint32_t largest = 0;
  const auto take = [&largest](const uint32_t* bits, size_t length) {
    for (size_t i = 0; i < length; ++i) largest = std::max(largest, bits[i] & kMagnitude);
  };
  uint32_t bits[kBlock];
  size_t at = 0;
  for (; at + kBlock <= count; at += kBlock) {
    std::memcpy(bits, values + at, sizeof(bits));
    take(bits, kBlock);
  }
  std::memcpy(bits, values + at, (count - at) * sizeof(float));
  take(bits, count - at);
  return largest;
}

uint32_t LargestMagnitude(ParallelFor& pool, const float* values, size_t count) {
  if (count <= kPiece) return LargestMagnitude(values, count);
  std::atomic<uint32_t> largest{0};
  const auto look = [&](int piece) {
    const size_t from = static_cast<size_t>(piece) * kPiece;
    const uint32_t found = LargestMagnitude(values + from, std::min(kPiece, count - from));
    uint32_t known = largest.load(std::memory_order_relaxed);
    while (known < found && !largest.compare_exchange_weak(known, found, std::memory_order_relaxed)) {
    }
  };
  pool.Run(static_cast<int>((count + kPiece - 1) / kPiece), std::ref(look));
  return largest.load(std::memory_order_relaxed);
}

}  // namespace

bool AnyNan(ParallelFor& pool, const float* values, size_t count) {
  return LargestMagnitude(pool, values, count) > kInfinity;
}

bool AnyNotFinite(ParallelFor& pool, const float* values, size_t count) {
  return LargestMagnitude(pool, values, count) >= kInfinity;
}

bool AnyNotFinite(const float* values, size_t count) { return LargestMagnitude(values, count) >= kInfinity; }

}  // namespace slimnet
