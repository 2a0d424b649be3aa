// A tensor in an order that oneDNN chose.
#pragma once

#include <string>
#include <utility>

#include "backends/onednn/memory_desc.h"
#include "ir/program.h"

namespace slimnet::onednn {

class OnednnLayout final : public Layout {
 public:
  // What a tensor goes through on its way from row-major memory.
  enum class Form {
    kReordered,  // the same values in another order: a reorder leads there and back
    kWinograd,   // a filter, transformed for F(4x4, 3x3) and then reordered: there is no way back
  };

  // `plain` describes the row-major tensor, transformed where the form says so, in the dimensions of `packed`. `count`
  // such tensors lie one after the other.
  OnednnLayout(MemoryDesc plain, MemoryDesc packed, Form form = Form::kReordered, size_t count = 1)
      : plain_(std::move(plain)),
        packed_(std::move(packed)),
        form_(form),
        bytes_(packed_.get_size() * count),
        name_("onednn:" + std::string(form_ == Form::kWinograd ? "winograd:" : "") + TagOf(packed_) + "/" +
              std::to_string(bytes_)) {}

  const std::string& name() const override { return name_; }
  size_t bytes() const override { return bytes_; }
  const MemoryDesc& plain() const { return plain_; }
  const MemoryDesc& packed() const { return packed_; }
  Form form() const { return form_; }

 private:
  MemoryDesc plain_;
  MemoryDesc packed_;
  Form form_;
  size_t bytes_;
  std::string name_;
};

// The layout of a value that this backend laid out; null for plain. Layouts do not travel between backends.
inline const OnednnLayout* LayoutOf(const Value& value) { return static_cast<const OnednnLayout*>(value.layout.get()); }

}  // namespace slimnet::onednn
