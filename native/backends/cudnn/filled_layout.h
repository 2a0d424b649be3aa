// Images whose channels are filled up with zeros to as many as a tensor core reads at once.
#pragma once

#include <memory>
#include <string>

#include "ir/program.h"

namespace slimnet::cudnn {

class FilledLayout final : public Layout {
 public:
  // [pixels, channels], stored as float32 or bfloat16 with `filled` channels.
  FilledLayout(int64_t pixels, int64_t channels, DType stored, int64_t filled);

  const std::string& name() const override { return name_; }
  size_t bytes() const override { return static_cast<size_t>(pixels_ * filled_) * BytesOf(stored_); }
  int64_t pixels() const { return pixels_; }
  int64_t channels() const { return channels_; }
  DType stored() const { return stored_; }
  int64_t filled() const { return filled_; }

 private:
  int64_t pixels_, channels_, filled_;
  DType stored_;
  std::string name_;
};

// The layout of that name; null where it is another's.
LayoutPtr FilledLayoutNamed(const std::string& name);

// That of a value which is in it; null for others.
const FilledLayout* FilledLayoutOf(const Value& value);

}  // namespace slimnet::cudnn
