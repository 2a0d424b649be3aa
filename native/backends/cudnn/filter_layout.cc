#include "backends/cudnn/filter_layout.h"

#include "backends/cudnn/aligned.h"
#include "backends/cudnn/kernels/pack.h"
#include "ir/limits.h"
#include "ir/scanner.h"

namespace slimnet::cudnn {
namespace {

// Behind it: how it is stored, and R, S, C, K and the channels in memory.
constexpr const char* kPrefix = "cudnn:krsc:";

// Of int8, either way.
constexpr int kLevels = 127;

FilterShape ShapeOf(const FilterLayout& layout) {
  return {.taps = layout.taps(),
          .channels = layout.inputs(),
          .filters = layout.outputs(),
          .packed_channels = layout.channels(),
          .packed_filters = layout.outputs()};
}

}  // namespace

FilterLayout::FilterLayout(const Shape& filter, DType stored, int64_t channels)
    : height_(filter.size() == 4 ? filter[0] : 1),
      width_(filter.size() == 4 ? filter[1] : 1),
      inputs_(filter[filter.size() - 2]),
      outputs_(filter.back()),
      channels_(channels),
      stored_(stored) {
  name_ = kPrefix + std::string(Name(stored)) + ":";
  for (const int64_t extent : {height_, width_, inputs_, outputs_}) name_ += std::to_string(extent) + ",";
  name_ += std::to_string(channels_);
}

size_t FilterLayout::steps_offset() const {
  return AlignedBytes(static_cast<size_t>(outputs_ * height_ * width_ * channels_) * BytesOf(stored_));
}

size_t FilterLayout::bytes() const {
  if (stored_ == DType::kInt8) return steps_offset() + static_cast<size_t>(outputs_) * sizeof(float);
  return static_cast<size_t>(outputs_ * height_ * width_ * channels_) * BytesOf(stored_);
}

void PackFilter(Queue& queue, const FilterLayout& layout, DevicePtr plain, DevicePtr packed) {
  if (layout.stored() == DType::kInt8) {
    return QuantizeFilter(queue, ShapeOf(layout), plain, kLevels, packed, packed + layout.steps_offset());
  }
  PackFilter(queue, ShapeOf(layout), plain, {.data = packed, .stored = layout.stored()});
}

void UnpackFilter(Queue& queue, const FilterLayout& layout, DevicePtr packed, DevicePtr plain) {
  UnpackFilter(queue, ShapeOf(layout), {.data = packed, .stored = layout.stored()}, plain);
}

LayoutPtr FilterLayoutNamed(const std::string& name) {
  try {
    Scanner scanner(name, 1);
    scanner.Expect(kPrefix);
    const DType stored = scanner.Type();
    scanner.Expect(":");
    Shape extents;
    for (int i = 0; i < 5; ++i) {
      if (i > 0) scanner.Expect(",");
      extents.push_back(scanner.Integer("an extent", 0, limits::kDimension));
    }
    scanner.ExpectEnd();
    const int64_t channels = extents.back();
    extents.pop_back();
    return std::make_shared<FilterLayout>(extents, stored, channels);
  } catch (const Error&) {
    return nullptr;
  }
}

const FilterLayout* FilterLayoutOf(const Value& value) { return dynamic_cast<const FilterLayout*>(value.layout.get()); }

}  // namespace slimnet::cudnn
