#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"
#include "base/half.h"

namespace slimnet::cpu {
namespace {

// C++ types in the order of DType.
template <class... T>
struct Types {};
using AllTypes = Types<float, double, Float16, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t,
                       uint64_t, Bool>;

template <class T>
inline constexpr bool kIsHalf = std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;

// Truncates towards zero; what is out of range becomes the nearest end of it, NaN 0.
template <class To, class From>
To ToInteger(From x) {
  constexpr auto kEnd = static_cast<From>(2) * static_cast<From>(uint64_t{1} << (std::numeric_limits<To>::digits - 1));
  if (std::isnan(x)) return 0;
  if (x >= kEnd) return std::numeric_limits<To>::max();
  if (x <= (std::is_signed_v<To> ? -kEnd : From{0})) return std::numeric_limits<To>::min();
  return static_cast<To>(x);
}

// Integers that do not fit into `To` keep their low bits. Everything but zero is true; true is 1.
template <class To, class From>
To Convert(From x) {
  if constexpr (kIsHalf<From>) {
    return Convert<To>(ToFloat(x));
  } else if constexpr (std::is_same_v<From, Bool>) {
    return Convert<To>(static_cast<uint8_t>(x.value != 0));
  } else if constexpr (std::is_same_v<To, Bool>) {
    return {static_cast<uint8_t>(x != 0)};
  } else if constexpr (std::is_same_v<To, Float16>) {
    return ToFloat16(static_cast<float>(x));
  } else if constexpr (std::is_same_v<To, BFloat16>) {
    return ToBFloat16(static_cast<float>(x));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return ToInteger<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

using Loop = void (*)(const void* from, void* to, int64_t begin, int64_t end);

template <class From, class To>
void CastLoop(const void* from, void* to, int64_t begin, int64_t end) {
  const auto* x = static_cast<const From*>(from);
  auto* y = static_cast<To*>(to);
  for (int64_t i = begin; i < end; ++i) y[i] = Convert<To>(x[i]);
}

template <class From, class... To>
constexpr std::array<Loop, sizeof...(To)> LoopsFrom(Types<To...>) {
  return {&CastLoop<From, To>...};
}

template <class... From>
constexpr auto AllLoops(Types<From...>) {
  return std::array<std::array<Loop, sizeof...(From)>, sizeof...(From)>{LoopsFrom<From>(AllTypes{})...};
}

constexpr auto kLoops = AllLoops(AllTypes{});
static_assert(kLoops.size() == kDTypes.size());

}  // namespace

std::unique_ptr<Kernel> PrepareCast(const NodeContext& node) {
  const auto from = static_cast<size_t>(node.input(0).type.dtype);
  const auto to = static_cast<size_t>(node.output(0).type.dtype);
  const Loop loop = kLoops[from][to];
  const int64_t count = ElementCount(node.output(0).type.shape);
  return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
    const void* x = In<void>(b, 0);
    void* y = Out<void>(b, 0);
    ForRange(pool, count, kGrain, [=](int64_t begin, int64_t end) { loop(x, y, begin, end); });
  });
}

}  // namespace slimnet::cpu
