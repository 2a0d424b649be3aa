// The three transforms around products made here: how far a convolution is from its definition in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "backends/cpu/winograd/transforms.h"

namespace slimnet::cpu::winograd {
namespace {

Shape Of(int64_t channels) {
  return {.batch = 1,
          .height = 14,
          .width = 14,
          .in_channels = channels,
          .out_height = 14,
          .out_width = 14,
          .out_channels = 16,
          .top = 1,
          .left = 1};
}

std::vector<float> Normal(int64_t count, float deviation, unsigned seed) {
  std::mt19937 numbers(seed);
  std::normal_distribution<float> of(0.0F, deviation);
  std::vector<float> values(static_cast<size_t>(count));
  std::generate(values.begin(), values.end(), [&] { return of(numbers); });
  return values;
}

std::vector<float> Convolved(const Shape& s, const std::vector<float>& x, const std::vector<float>& filter) {
  const int64_t tiles = s.tiles();
  const auto floats = [](int64_t count) { return std::vector<float>(static_cast<size_t>(kProducts * count)); };
  std::vector<float> u = floats(s.in_channels * s.out_channels);
  std::vector<float> v = floats(tiles * s.in_channels);
  std::vector<float> m = floats(tiles * s.out_channels);
  const Tiles all{.first = 0, .rows = tiles, .begin = 0, .end = tiles};
  TransformFilter(filter.data(), s.in_channels, s.out_channels, 0, s.in_channels, u.data());
  TransformInput(s, all, x.data(), v.data());
  const int64_t slice = s.slice();
  for (int64_t product = 0; product < kProducts; ++product) {
    for (int64_t begin = 0; begin < s.in_channels; begin += slice) {
      const float* const from = v.data() + product * tiles * s.in_channels + begin * tiles;
      const float* const weights = u.data() + (product * s.in_channels + begin) * s.out_channels;
      for (int64_t tile = 0; tile < tiles; ++tile) {
        for (int64_t o = 0; o < s.out_channels; ++o) {
          float sum = 0;
          for (int64_t i = 0; i < slice; ++i) sum += from[tile * slice + i] * weights[i * s.out_channels + o];
          m[static_cast<size_t>((product * tiles + tile) * s.out_channels + o)] += sum;
        }
      }
    }
  }
  std::vector<float> y(static_cast<size_t>(s.batch * s.out_height * s.out_width * s.out_channels));
  TransformOutput(s, all, m.data(), {}, y.data());
  return y;
}

double ByDefinition(const Shape& s, const std::vector<float>& x, const std::vector<float>& filter, int64_t row,
                    int64_t column, int64_t channel) {
  double sum = 0;
  for (int64_t i = 0; i < 9; ++i) {
    const int64_t above = row + i / 3 - s.top;
    const int64_t beside = column + i % 3 - s.left;
    if (above < 0 || above >= s.height || beside < 0 || beside >= s.width) continue;
    for (int64_t c = 0; c < s.in_channels; ++c) {
      const float value = x[static_cast<size_t>((above * s.width + beside) * s.in_channels + c)];
      const float weight = filter[static_cast<size_t>((i * s.in_channels + c) * s.out_channels + channel)];
      sum += static_cast<double>(value) * static_cast<double>(weight);
    }
  }
  return sum;
}

// How far the result is from the definition, as a part of it (L2).
double Distance(int64_t channels) {
  const Shape s = Of(channels);
  std::vector<float> x = Normal(s.height * s.width * s.in_channels, 1.0F, 1);
  for (float& value : x) value = std::max(value, 0.0F);
  const std::vector<float> filter = Normal(9 * s.in_channels * s.out_channels, 1.0F / 34.0F, 2);
  const std::vector<float> y = Convolved(s, x, filter);
  double off = 0;
  double norm = 0;
  for (int64_t i = 0; i < static_cast<int64_t>(y.size()); ++i) {
    const int64_t pixel = i / s.out_channels;
    const double expected = ByDefinition(s, x, filter, pixel / s.out_width, pixel % s.out_width, i % s.out_channels);
    off += std::pow(static_cast<double>(y[static_cast<size_t>(i)]) - expected, 2);
    norm += expected * expected;
  }
  return std::sqrt(off / norm);
}

// One sum after the other in float is 4.6e-7 off; with the points 1 and 2 it was 2.1e-6.
TEST(Winograd, RoundsAboutTwiceAsMuchAsOneSumOfAllProducts) { EXPECT_LT(Distance(128), 1.3e-6); }

// 1.7e-6 without slices; one sum after the other is 8.8e-7 off.
TEST(Winograd, RoundsNoMoreThanOneSumWhereManyChannelsAreSummedInSlices) { EXPECT_LT(Distance(512), 1.1e-6); }

TEST(Winograd, CutsChannelsIntoEqualSlicesOfAtMost128WhereItCan) {
  EXPECT_EQ(Of(32).slice(), 32);
  EXPECT_EQ(Of(128).slice(), 128);
  EXPECT_EQ(Of(144).slice(), 144);  // nine blocks of sixteen: thirds would be too small
  EXPECT_EQ(Of(160).slice(), 80);
  EXPECT_EQ(Of(512).slice(), 128);
  EXPECT_EQ(Of(176).slice(), 176);
}

}  // namespace
}  // namespace slimnet::cpu::winograd
