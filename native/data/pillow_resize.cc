#include "data/pillow_resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "data/stretch.h"

namespace slimnet {
namespace {

constexpr int kFractionBits = 22;

// Input pixels with the weight of each, in fixed point: of one output coordinate.
struct FixedShares {
  int64_t first;
  std::vector<int32_t> weights;

  int64_t end() const { return first + static_cast<int64_t>(weights.size()); }
};

double BoxWeight(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double TriangleWeight(double x) { return std::max(1.0 - std::abs(x), 0.0); }

// Keys' cubic convolution with a = -0.5.
double CubicWeight(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

double Sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double HammingWeight(double x) {
  x = std::abs(x);
  if (x >= 1.0) return 0.0;
  return Sinc(x) * (0.54 + 0.46 * std::cos(x * std::numbers::pi));
}

double LanczosWeight(double x) { return x >= -3.0 && x < 3.0 ? Sinc(x) * Sinc(x / 3) : 0.0; }

struct Filter {
  double (*weight)(double);
  double reach;  // in output pixels, or input pixels where a picture grows
};

Filter FilterOf(ResizeMethod method) {
  switch (method) {
    case ResizeMethod::kPillowArea:
      return {BoxWeight, 0.5};
    case ResizeMethod::kPillowBicubic:
      return {CubicWeight, 2.0};
    case ResizeMethod::kPillowHamming:
      return {HammingWeight, 1.0};
    case ResizeMethod::kPillowLanczos:
      return {LanczosWeight, 3.0};
    default:
      return {TriangleWeight, 1.0};
  }
}

FixedShares SharesAt(int64_t place, const Stretch& s, const Filter& filter) {
  const double scale = static_cast<double>(s.in) / static_cast<double>(s.resized);
  const double widening = std::max(scale, 1.0);
  const double reach = filter.reach * widening;
  const double centre = (static_cast<double>(place) + 0.5) * scale;
  const int64_t first = std::max<int64_t>(static_cast<int64_t>(centre - reach + 0.5), 0);
  const int64_t end = std::min(static_cast<int64_t>(centre + reach + 0.5), s.in);
  std::vector<double> weights;
  double sum = 0;
  for (int64_t p = first; p < end; ++p) {
    weights.push_back(filter.weight((static_cast<double>(p) - centre + 0.5) * (1.0 / widening)));
    sum += weights.back();
  }
  FixedShares shares{first, {}};
  for (const double weight : weights) {
    const double share = sum == 0.0 ? weight : weight / sum;
    shares.weights.push_back(static_cast<int32_t>((share < 0 ? -0.5 : 0.5) + share * (1 << kFractionBits)));
  }
  return shares;
}

std::vector<FixedShares> SharesOf(const Stretch& s, const Filter& filter) {
  std::vector<FixedShares> shares(static_cast<size_t>(s.count));
  s.ForEach([&](size_t k, int64_t place) { shares[k] = SharesAt(place, s, filter); });
  return shares;
}

// The weighted sum of bytes that lie `step` apart, as a byte.
uint8_t Blend(const FixedShares& shares, const uint8_t* bytes, int64_t step) {
  int64_t sum = 1 << (kFractionBits - 1);
  for (const int32_t weight : shares.weights) {
    sum += int64_t{weight} * *bytes;
    bytes += step;
  }
  return static_cast<uint8_t>(std::clamp<int64_t>(sum >> kFractionBits, 0, 255));
}

// Places on one side, counted up step by step as Pillow does.
std::vector<int64_t> Centres(const Stretch& s) {
  const double scale = static_cast<double>(s.in) / static_cast<double>(s.resized);
  double at = scale * 0.5;
  for (int64_t i = 0; i < s.first; ++i) at += scale;
  std::vector<int64_t> places(static_cast<size_t>(s.count));
  for (int64_t& place : places) {
    place = std::min(static_cast<int64_t>(at), s.in - 1);
    at += scale;
  }
  if (s.reversed) std::reverse(places.begin(), places.end());
  return places;
}

}  // namespace

void PillowFiltered(const ImageView& image, const Resampling& r, float* out) {
  const Filter filter = FilterOf(r.method);
  const std::vector<FixedShares> rows = SharesOf(RowsOf(image, r), filter);
  const std::vector<FixedShares> columns = SharesOf(ColumnsOf(image, r), filter);
  const int64_t top = rows.front().first;
  const auto row_bytes = static_cast<int64_t>(columns.size()) * 3;
  // Horizontally, the input rows that the window needs; then vertically.
  std::vector<uint8_t> narrow(static_cast<size_t>((rows.back().end() - top) * row_bytes));
  uint8_t* byte = narrow.data();
  for (int64_t y = top; y < rows.back().end(); ++y) {
    for (const FixedShares& column : columns) {
      const uint8_t* pixel = image.row(y) + column.first * image.channels;
      for (int c = 0; c < 3; ++c) *byte++ = Blend(column, pixel + c * image.channel_step(), image.channels);
    }
  }
  for (const FixedShares& row : rows) {
    const uint8_t* from = narrow.data() + (row.first - top) * row_bytes;
    for (int64_t i = 0; i < row_bytes; ++i) {
      *out++ = static_cast<float>(Blend(row, from + i, row_bytes)) * r.byte_scale;
    }
  }
}

void PillowNearest(const ImageView& image, const Resampling& r, float* out) {
  TakePixels(image, Centres(RowsOf(image, r)), Centres(ColumnsOf(image, r)), r.byte_scale, out);
}

}  // namespace slimnet
