// A tensor in an order that oneDNN chose.
#pragma once

#include <string>
#include <utility>

#include "backends/onednn/memory_desc.h"
#include "ir/program.h"

namespace slimnet::onednn {

class OnednnLayout final : public Layout {
 public:
  // `plain` describes the row-major tensor in the same dimensions: a reorder goes from one to the other.
  OnednnLayout(MemoryDesc plain, MemoryDesc packed)
      : plain_(std::move(plain)),
        packed_(std::move(packed)),
        bytes_(packed_.get_size()),
        name_("onednn:" + TagOf(packed_) + "/" + std::to_string(bytes_)) {}

  const std::string& name() const override { return name_; }
  size_t bytes() const override { return bytes_; }
  const MemoryDesc& plain() const { return plain_; }
  const MemoryDesc& packed() const { return packed_; }

 private:
  MemoryDesc plain_;
  MemoryDesc packed_;
  size_t bytes_;
  std::string name_;
};

// The layout of a value that this backend laid out; null for plain. Layouts do not travel between backends.
inline const OnednnLayout* LayoutOf(const Value& value) { return static_cast<const OnednnLayout*>(value.layout.get()); }

}  // namespace slimnet::onednn
