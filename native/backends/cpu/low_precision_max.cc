#include "backends/cpu/low_precision_max.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "backends/cpu/best_isa.h"

namespace slimnet::cpu {
namespace {

// A vector of GCC and clang: the compiler splits it where registers are smaller. GCC 12 takes comparisons of larger
// ones apart into single numbers.
constexpr int64_t kVectorBytes = 32;
typedef int16_t Halves __attribute__((vector_size(kVectorBytes)));
typedef int8_t Signed __attribute__((vector_size(kVectorBytes)));
typedef uint8_t Unsigned __attribute__((vector_size(kVectorBytes)));

// How numbers of a kind are compared: as integers in the order of the values that they stand for.
struct BFloat16Order {
  using Number = int16_t;
  using Vector = Halves;
  static SLIMNET_INLINE void From(Vector& bits) {
    constexpr int16_t kInfinity = 0x7f80;
    const Vector magnitude = bits & std::numeric_limits<int16_t>::max();
    const Vector negative = (bits < 0) & (magnitude <= kInfinity);
    bits = (magnitude ^ negative) - negative;
  }
  static SLIMNET_INLINE void To(Vector& order) {
    const Vector negative = order < 0;
    order = ((order ^ negative) - negative) | (negative & std::numeric_limits<int16_t>::min());
  }
};

template <class T, class V>
struct WholeOrder {
  using Number = T;
  using Vector = V;
  static SLIMNET_INLINE void From(V&) {}
  static SLIMNET_INLINE void To(V&) {}
};

// Up to a vector of channels.
template <class Order>
SLIMNET_INLINE void LargestOfSome(const LowPrecisionWindow& w, const typename Order::Number* x, size_t bytes,
                                  typename Order::Number* y) {
  using Vector = typename Order::Vector;
  Vector best = Vector{} + std::numeric_limits<typename Order::Number>::min();
  for (int64_t row = 0; row < w.rows; ++row) {
    for (int64_t column = 0; column < w.columns; ++column) {
      Vector numbers{};
      std::memcpy(&numbers, x + row * w.down + column * w.across, bytes);
      Order::From(numbers);
      best = numbers > best ? numbers : best;
    }
  }
  Order::To(best);
  std::memcpy(y, &best, bytes);
}

template <class Order>
SLIMNET_INLINE void LargestOfAll(const LowPrecisionWindow& w, const typename Order::Number* x,
                                 typename Order::Number* y) {
  constexpr int64_t kVectorChannels = kVectorBytes / sizeof(typename Order::Number);
  int64_t c = 0;
  for (; c + kVectorChannels <= w.channels; c += kVectorChannels) LargestOfSome<Order>(w, x + c, kVectorBytes, y + c);
  if (c == w.channels) return;
  LargestOfSome<Order>(w, x + c, static_cast<size_t>(w.channels - c) * sizeof(typename Order::Number), y + c);
}

template <class Order>
void Largest(const LowPrecisionWindow& w, const typename Order::Number* x, typename Order::Number* y) {
  WithBestIsa([&]() SLIMNET_INLINE_BODY { LargestOfAll<Order>(w, x, y); });
}

}  // namespace

void LargestOf(const LowPrecisionWindow& window, const BFloat16* x, BFloat16* y) {
  Largest<BFloat16Order>(window, reinterpret_cast<const int16_t*>(x), reinterpret_cast<int16_t*>(y));
}
void LargestOf(const LowPrecisionWindow& window, const int8_t* x, int8_t* y) {
  Largest<WholeOrder<int8_t, Signed>>(window, x, y);
}
void LargestOf(const LowPrecisionWindow& window, const uint8_t* x, uint8_t* y) {
  Largest<WholeOrder<uint8_t, Unsigned>>(window, x, y);
}

}  // namespace slimnet::cpu
