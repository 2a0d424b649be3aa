#include "runtime/observer.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace slimnet {
namespace {

struct Extent {
  double smallest = 0, largest = 0, not_finite = 0;
  bool any = false;
};

Extent ExtentOf(const float* values, int64_t count) {
  Extent extent;
  for (int64_t i = 0; i < count; ++i) {
    const double value = values[i];
    if (!std::isfinite(value)) {
      extent.not_finite += 1;
    } else if (!extent.any) {
      extent = {value, value, extent.not_finite, true};
    } else {
      extent.smallest = std::min(extent.smallest, value);
      extent.largest = std::max(extent.largest, value);
    }
  }
  return extent;
}

// Makes room for `magnitude`: twice the range is half the bins, so that no count has to be divided.
void Grow(Observation& seen, double magnitude) {
  constexpr double kLeast = 0x1p-40;
  if (magnitude == 0) return;
  if (seen.limit == 0) seen.limit = kLeast;
  while (seen.limit < magnitude) {
    for (size_t i = 0; i < Observation::kBins / 2; ++i) seen.counts[i] = seen.counts[2 * i] + seen.counts[2 * i + 1];
    std::fill(seen.counts.begin() + Observation::kBins / 2, seen.counts.end(), 0.0);
    seen.limit *= 2;
  }
}

void Count(Observation& seen, const float* values, int64_t count) {
  const double bins_per_one = seen.limit > 0 ? static_cast<double>(Observation::kBins) / seen.limit : 0;
  for (int64_t i = 0; i < count; ++i) {
    const double magnitude = std::fabs(static_cast<double>(values[i]));
    if (!std::isfinite(magnitude)) continue;
    const auto bin = static_cast<size_t>(magnitude * bins_per_one);
    seen.counts[std::min(bin, Observation::kBins - 1)] += 1;
  }
}

}  // namespace

Observer::Observer(std::vector<std::string> names) : seen_(names.size()), any_(names.size(), false) {
  for (size_t i = 0; i < names.size(); ++i) seen_[i].name = std::move(names[i]);
}

void Observer::Note(size_t index, const float* values, int64_t count) {
  const Extent extent = ExtentOf(values, count);
  const std::lock_guard lock(mutex_);
  Observation& seen = seen_[index];
  seen.not_finite += extent.not_finite;
  if (!extent.any) return;
  seen.smallest = any_[index] ? std::min(seen.smallest, extent.smallest) : extent.smallest;
  seen.largest = any_[index] ? std::max(seen.largest, extent.largest) : extent.largest;
  any_[index] = true;
  Grow(seen, std::max(-extent.smallest, extent.largest));
  Count(seen, values, count);
}

std::vector<Observation> Observer::Seen() const {
  const std::lock_guard lock(mutex_);
  std::vector<Observation> seen;
  for (size_t i = 0; i < seen_.size(); ++i) {
    if (any_[i] || seen_[i].not_finite > 0) seen.push_back(seen_[i]);
  }
  return seen;
}

}  // namespace slimnet
