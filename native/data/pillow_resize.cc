#include "data/pillow_resize.h"

#include <algorithm>
#include <cmath>
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

// A triangle as wide as two output pixels, or two input pixels where a picture grows.
FixedShares TriangleAt(int64_t place, const Stretch& s) {
  const double scale = static_cast<double>(s.in) / static_cast<double>(s.resized);
  const double reach = std::max(scale, 1.0);
  const double centre = (static_cast<double>(place) + 0.5) * scale;
  const int64_t first = std::max<int64_t>(static_cast<int64_t>(centre - reach + 0.5), 0);
  const int64_t end = std::min(static_cast<int64_t>(centre + reach + 0.5), s.in);
  std::vector<double> weights;
  double sum = 0;
  for (int64_t p = first; p < end; ++p) {
    const double distance = std::abs((static_cast<double>(p) - centre + 0.5) * (1.0 / reach));
    weights.push_back(std::max(1.0 - distance, 0.0));
    sum += weights.back();
  }
  FixedShares shares{first, {}};
  for (const double weight : weights) {
    shares.weights.push_back(static_cast<int32_t>(0.5 + weight / sum * (1 << kFractionBits)));
  }
  return shares;
}

std::vector<FixedShares> Triangles(const Stretch& s) {
  std::vector<FixedShares> shares(static_cast<size_t>(s.count));
  s.ForEach([&](size_t k, int64_t place) { shares[k] = TriangleAt(place, s); });
  return shares;
}

// The weighted sum of bytes that lie `step` apart, as a byte.
uint8_t Blend(const FixedShares& shares, const uint8_t* bytes, int64_t step) {
  int64_t sum = 1 << (kFractionBits - 1);
  for (const int32_t weight : shares.weights) {
    sum += int64_t{weight} * *bytes;
    bytes += step;
  }
  return static_cast<uint8_t>(std::min<int64_t>(sum >> kFractionBits, 255));
}

// Places on one side, counted up step by step as Pillow does.
std::vector<int64_t> Centres(const Stretch& s) {
  const double scale = static_cast<double>(s.in) / static_cast<double>(s.resized);
  double at = scale * 0.5 + scale * static_cast<double>(s.first);
  std::vector<int64_t> places(static_cast<size_t>(s.count));
  for (int64_t& place : places) {
    place = std::min(static_cast<int64_t>(at), s.in - 1);
    at += scale;
  }
  if (s.reversed) std::reverse(places.begin(), places.end());
  return places;
}

}  // namespace

void PillowBilinear(const ImageView& image, const Resampling& r, float* out) {
  const std::vector<FixedShares> rows = Triangles(RowsOf(image, r));
  const std::vector<FixedShares> columns = Triangles(ColumnsOf(image, r));
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
