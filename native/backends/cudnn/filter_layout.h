// Filters as cuDNN reads them: [K,R,S,C], where slimnet has [R,S,C,K]. As int8, a step for each output channel
// (float32, [K]) lies behind them.
#pragma once

#include <memory>
#include <string>

#include "backends/cudnn/gpu/queue.h"
#include "backends/cudnn/graph/graph.h"
#include "ir/program.h"

namespace slimnet::cudnn {

class FilterLayout final : public Layout {
 public:
  // `filter`: [R,S,C,K], or [C,K] of a matrix, for which R and S are 1. `stored` is float32, bfloat16 or int8;
  // `channels` are those in memory, C or more: what is more is zeros.
  FilterLayout(const Shape& filter, DType stored, int64_t channels);

  const std::string& name() const override { return name_; }
  size_t bytes() const override;
  DType stored() const { return stored_; }
  // Where the steps of int8 begin, in bytes.
  size_t steps_offset() const;
  int64_t outputs() const { return outputs_; }
  int64_t taps() const { return height_ * width_; }
  int64_t inputs() const { return inputs_; }
  int64_t channels() const { return channels_; }
  // {K, channels, R, S}.
  Extents extents() const { return {outputs_, channels_, height_, width_}; }

 private:
  int64_t height_, width_, inputs_, outputs_;
  int64_t channels_;
  DType stored_;
  std::string name_;
};

// Queues the packing of a plain float32 filter.
void PackFilter(Queue& queue, const FilterLayout& layout, DevicePtr plain, DevicePtr packed);

// And its way back.
void UnpackFilter(Queue& queue, const FilterLayout& layout, DevicePtr packed, DevicePtr plain);

// The layout of that name; null where it is another's.
LayoutPtr FilterLayoutNamed(const std::string& name);

// That of a value which is in it; null for others.
const FilterLayout* FilterLayoutOf(const Value& value);

}  // namespace slimnet::cudnn
