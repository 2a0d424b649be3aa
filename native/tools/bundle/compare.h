// How far what came out is from what must.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tools/bundle/bundle.h"

namespace slimnet::bundle {

struct Difference {
  double error =
      0;  // the largest, as a part of what is allowed: above 1 is wrong. Infinite: NaN, or no error is allowed
  std::string text;  // where the values differ; empty where they do not
};

// `actual` are all elements of a tensor of the type of `expected`. NaN must meet NaN, and an infinity the same
// infinity.
Difference Compare(std::span<const std::byte> actual, const Expectation& expected);

// The same with other expected values, for `close` and `rms`.
Difference Compare(std::span<const std::byte> actual, std::span<const std::byte> expected, const TensorType& type,
                   const Measure& measure);

}  // namespace slimnet::bundle
