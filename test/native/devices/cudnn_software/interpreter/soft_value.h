// A tensor while a plan is interpreted: its elements as doubles, which hold every value of every type of a plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/dtype.h"
#include "native/devices/cudnn_software/interpreter/soft_graph.h"

namespace slimnet::testing {

// Elements lie one behind the other, whatever the strides in memory: four axes as NHWC (KRSC), others row by row.
// Extents are in the graph's order.
struct SoftValue {
  std::vector<int64_t> extents;
  std::vector<double> elements;

  explicit SoftValue(std::vector<int64_t> of);  // all NaN, so that what was forgotten shows
  SoftValue() = default;

  int64_t count() const { return static_cast<int64_t>(elements.size()); }
  // Of the channels, which is the innermost axis; of others, the last one.
  int64_t inner() const;
};

// Axes from the outermost to the innermost one, for a number of extents.
const std::vector<size_t>& AxisOrder(size_t rank);

// Numbers are rounded to what the type can hold: to nearest, ties to even; integers are saturated, and NaN becomes 0
// there.
void RoundTo(DType type, std::vector<double>& elements);

// From and to memory; Write rounds. Of bool, an element is a bit.
SoftValue Read(const SoftTensor& tensor, const std::byte* memory);
void Write(const SoftTensor& tensor, const SoftValue& value, std::byte* memory);

}  // namespace slimnet::testing
