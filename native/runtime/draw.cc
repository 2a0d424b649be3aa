// Only + - * / on doubles occur, so that every machine gives the same bits. The compiler must not contract them:
// CMakeLists.txt says so for this file.
#include "runtime/draw.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <exception>
#include <numeric>
#include <vector>

#include "base/error.h"

namespace slimnet {
namespace {

constexpr size_t kChunk = 4096;

class Words {
 public:
  explicit Words(const std::array<uint32_t, 4>& state) : state_(state) {}

  void Fill(std::span<uint32_t> out) {
    auto [a, b, c, d] = state_;
    for (uint32_t& word : out) {
      word = std::rotl(a + d, 7) + a;
      const uint32_t t = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= t;
      d = std::rotl(d, 11);
    }
    state_ = {a, b, c, d};
  }

 private:
  std::array<uint32_t, 4> state_;
};

// Of the standard normal distribution between -2 and 2, at the point (word + 1/2) / 2^32 of that range: see
// lib/slim/random.ts.
double TruncatedQuantile(uint32_t word) {
  constexpr double kWithin = 0.9544997361036416;
  const double q = ((word + 0.5) / 4294967296.0 - 0.5) * kWithin;
  const double r = q * q;
  const double numerator =
      ((((-40.56075353630848 * r + 224.1481158160781) * r - 278.605594380967) * r + 139.17650366425804) * r -
       30.748987579154864) *
          r +
      2.5066282774933666;
  const double denominator =
      ((((-55.47844158304521 * r + 163.67336682241228) * r - 157.06846851333444) * r + 67.16311714785564) * r -
       13.314268295219476) *
          r +
      1.0;
  return (q * numerator) / denominator;
}

template <class T, class Quantile>
void Transform(std::span<const uint32_t> words, const Draw& draw, const Quantile& quantile, T* out) {
  for (size_t i = 0; i < words.size(); ++i) {
    out[i] = static_cast<T>(draw.location + draw.scale * quantile(words[i]));
  }
}

template <class T>
void DrawInto(Store& store, const Draw& draw, DType dtype, int64_t count, const std::atomic<bool>& cancelled) {
  Words bits(draw.state);
  std::array<uint32_t, kChunk> words;
  std::array<T, kChunk> values;
  for (int64_t at = 0; at < count; at += static_cast<int64_t>(kChunk)) {
    if (cancelled.load(std::memory_order_relaxed)) throw Error(ErrorCode::kAborted, "The initialization was aborted.");
    const auto length = static_cast<size_t>(std::min<int64_t>(kChunk, count - at));
    const auto some = std::span(words).first(length);
    bits.Fill(some);
    if (draw.distribution == Draw::Distribution::kUniform) {
      Transform(some, draw, [](uint32_t word) { return static_cast<double>(word >> 8); }, values.data());
    } else {
      Transform(some, draw, TruncatedQuantile, values.data());
    }
    store.Write(draw.variable, dtype, std::as_bytes(std::span(values).first(length)), at);
  }
}

}  // namespace

void DrawVariables(Store& store, std::span<const Draw> draws, ParallelFor& pool, const std::atomic<bool>& cancelled) {
  std::vector<TensorType> types;
  for (const Draw& draw : draws) {
    types.push_back(store.TypeOf(draw.variable));
    if (types.back().dtype != DType::kFloat32 && types.back().dtype != DType::kFloat64) {
      throw Error(ErrorCode::kArgument, "Variable " + draw.variable + ": expected float32 or float64, received " +
                                            ToString(types.back()) + ".");
    }
  }
  // Large ones first: what is left at the end is short.
  std::vector<size_t> order(draws.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return ElementCount(types[a].shape) > ElementCount(types[b].shape);
  });
  std::vector<std::exception_ptr> failures(draws.size());
  const auto draw_one = [&](int job) {
    const size_t i = order[static_cast<size_t>(job)];
    const int64_t count = ElementCount(types[i].shape);
    try {
      if (types[i].dtype == DType::kFloat64) {
        DrawInto<double>(store, draws[i], DType::kFloat64, count, cancelled);
      } else {
        DrawInto<float>(store, draws[i], DType::kFloat32, count, cancelled);
      }
    } catch (...) {
      failures[i] = std::current_exception();
    }
  };
  pool.Run(static_cast<int>(draws.size()), draw_one);
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace slimnet
