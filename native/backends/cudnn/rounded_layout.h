// Vectors that a plan reads as bfloat16: biases, for which cuDNN has its best engines so.
#pragma once

#include <memory>
#include <string>

#include "ir/program.h"

namespace slimnet::cudnn {

class RoundedLayout final : public Layout {
 public:
  explicit RoundedLayout(int64_t count);

  const std::string& name() const override { return name_; }
  size_t bytes() const override { return static_cast<size_t>(count_) * sizeof(uint16_t); }

 private:
  int64_t count_;
  std::string name_;
};

// The layout of that name; null where it is another's.
LayoutPtr RoundedLayoutNamed(const std::string& name);

// Whether a value is in one.
bool IsRounded(const Value& value);

}  // namespace slimnet::cudnn
