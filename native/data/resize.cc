#include "data/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "data/pillow_resize.h"
#include "data/stretch.h"

namespace slimnet {
namespace {

// One output coordinate of the bilinear resize.
struct Tap {
  int64_t lower;
  int64_t upper;
  float weight;
};

std::vector<Tap> LinearTaps(const Stretch& s) {
  const float scale = s.scale();
  std::vector<Tap> taps(static_cast<size_t>(s.count));
  s.ForEach([&](size_t k, int64_t i) {
    const float at = static_cast<float>(i) * scale;
    const float floor = std::floor(at);
    const int64_t lower = std::min(static_cast<int64_t>(floor), s.in - 1);
    taps[k] = {lower, std::min(lower + 1, s.in - 1), at - floor};
  });
  return taps;
}

// One row of the image, interpolated horizontally at the taps, as 3 channels.
void InterpolateRow(const ImageView& image, int64_t y, const std::vector<Tap>& taps, float byte_scale, float* out) {
  const uint8_t* row = image.row(y);
  const int step = image.channel_step();
  for (const Tap& tap : taps) {
    const uint8_t* left = row + tap.lower * image.channels;
    const uint8_t* right = row + tap.upper * image.channels;
    for (int c = 0; c < 3; ++c) {
      const float l = static_cast<float>(left[c * step]) * byte_scale;
      const float r = static_cast<float>(right[c * step]) * byte_scale;
      *out++ = l + (r - l) * tap.weight;
    }
  }
}

void Bilinear(const ImageView& image, const Resampling& r, float* out) {
  const std::vector<Tap> columns = LinearTaps(ColumnsOf(image, r));
  const size_t row_floats = columns.size() * 3;
  // Two interpolated source rows; consecutive output rows mostly share them.
  std::array<std::vector<float>, 2> cache{std::vector<float>(row_floats), std::vector<float>(row_floats)};
  std::array<int64_t, 2> cached{-1, -1};
  const auto row_at = [&](int64_t y, int64_t keep) -> const float* {
    if (cached[0] == y) return cache[0].data();
    if (cached[1] == y) return cache[1].data();
    const size_t slot = cached[0] == keep ? 1 : 0;
    InterpolateRow(image, y, columns, r.byte_scale, cache[slot].data());
    cached[slot] = y;
    return cache[slot].data();
  };
  for (const Tap& tap : LinearTaps(RowsOf(image, r))) {
    const float* top = row_at(tap.lower, tap.upper);
    const float* bottom = row_at(tap.upper, tap.lower);
    for (size_t i = 0; i < row_floats; ++i) *out++ = top[i] + (bottom[i] - top[i]) * tap.weight;
  }
}

std::vector<int64_t> NearestPlaces(const Stretch& s) {
  const float scale = s.scale();
  std::vector<int64_t> places(static_cast<size_t>(s.count));
  s.ForEach([&](size_t k, int64_t i) {
    places[k] = std::min(static_cast<int64_t>(std::floor(static_cast<float>(i) * scale)), s.in - 1);
  });
  return places;
}

// Input pixels with the share of each: of one output coordinate.
struct Shares {
  int64_t first;               // may lie outside; what does is taken from the border
  std::vector<float> weights;  // of first, first + 1, ...
};

// TensorFlow's bicubic weights: a = -0.75, the way between two pixels in steps of 1/1024.
std::vector<Shares> CubicShares(const Stretch& s) {
  constexpr float kA = -0.75F;
  constexpr float kSteps = 1024;
  const auto near = [](float x) { return ((kA + 2) * x - (kA + 3)) * x * x + 1; };
  const auto far = [](float x) { return ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA; };
  const float scale = s.scale();
  std::vector<Shares> shares(static_cast<size_t>(s.count));
  s.ForEach([&](size_t k, int64_t i) {
    const float at = static_cast<float>(i) * scale;
    const float floor = std::floor(at);
    const float way = std::rint((at - floor) * kSteps) / kSteps;
    shares[k] = {static_cast<int64_t>(floor) - 1, {far(1 + way), near(way), near(1 - way), far(2 - way)}};
  });
  return shares;
}

// Each output pixel is the mean of the input that it covers, in parts of pixels.
std::vector<Shares> AreaShares(const Stretch& s) {
  const float scale = s.scale();
  std::vector<Shares> shares(static_cast<size_t>(s.count));
  s.ForEach([&](size_t k, int64_t i) {
    const float from = static_cast<float>(i) * scale;
    const float to = static_cast<float>(i + 1) * scale;
    const auto first = static_cast<int64_t>(std::floor(from));
    const auto last = static_cast<int64_t>(std::ceil(to));
    shares[k].first = first;
    for (int64_t p = first; p < last; ++p) {
      const auto pixel = static_cast<float>(p);
      shares[k].weights.push_back((std::min(to, pixel + 1) - std::max(from, pixel)) / scale);
    }
  });
  return shares;
}

// Vertically, then horizontally.
void Weighted(const ImageView& image, const Resampling& r, const std::vector<Shares>& rows,
              const std::vector<Shares>& columns, float* out) {
  const auto inside = [](int64_t at, int64_t count) { return std::clamp<int64_t>(at, 0, count - 1); };
  const auto [leftmost, rightmost] = [&] {
    std::array<int64_t, 2> ends{image.width, 0};
    for (const Shares& column : columns) {
      ends[0] = std::min(ends[0], inside(column.first, image.width));
      const auto last = column.first + static_cast<int64_t>(column.weights.size()) - 1;
      ends[1] = std::max(ends[1], inside(last, image.width));
    }
    return ends;
  }();
  const int step = image.channel_step();
  std::vector<float> sums(static_cast<size_t>(rightmost - leftmost + 1) * 3);
  for (const Shares& row : rows) {
    std::fill(sums.begin(), sums.end(), 0.0F);
    for (size_t k = 0; k < row.weights.size(); ++k) {
      const uint8_t* pixel =
          image.row(inside(row.first + static_cast<int64_t>(k), image.height)) + leftmost * image.channels;
      for (size_t i = 0; i < sums.size(); i += 3, pixel += image.channels) {
        for (size_t c = 0; c < 3; ++c) {
          sums[i + c] += static_cast<float>(pixel[c * static_cast<size_t>(step)]) * r.byte_scale * row.weights[k];
        }
      }
    }
    for (const Shares& column : columns) {
      std::array<float, 3> pixel{};
      for (size_t k = 0; k < column.weights.size(); ++k) {
        const int64_t x = inside(column.first + static_cast<int64_t>(k), image.width) - leftmost;
        for (size_t c = 0; c < 3; ++c) pixel[c] += sums[static_cast<size_t>(x) * 3 + c] * column.weights[k];
      }
      out = std::copy(pixel.begin(), pixel.end(), out);
    }
  }
}

}  // namespace

void Resize(const ImageView& image, const Resampling& r, float* out) {
  const Stretch rows = RowsOf(image, r);
  const Stretch columns = ColumnsOf(image, r);
  switch (r.method) {
    case ResizeMethod::kBilinear:
      return Bilinear(image, r, out);
    case ResizeMethod::kNearest:
      return TakePixels(image, NearestPlaces(rows), NearestPlaces(columns), r.byte_scale, out);
    case ResizeMethod::kBicubic:
      return Weighted(image, r, CubicShares(rows), CubicShares(columns), out);
    case ResizeMethod::kArea:
      return Weighted(image, r, AreaShares(rows), AreaShares(columns), out);
    case ResizeMethod::kPillowBilinear:
    case ResizeMethod::kPillowBicubic:
    case ResizeMethod::kPillowArea:
    case ResizeMethod::kPillowHamming:
    case ResizeMethod::kPillowLanczos:
      return PillowFiltered(image, r, out);
    case ResizeMethod::kPillowNearest:
      return PillowNearest(image, r, out);
  }
}

}  // namespace slimnet
