// A tensor in an order that oneDNN chose.
#pragma once

#include <string>
#include <utility>

#include "backends/cpu/amx/conv.h"
#include "backends/onednn/memory_desc.h"
#include "ir/program.h"

namespace slimnet::onednn {

class OnednnLayout final : public Layout {
 public:
  // What a tensor goes through on its way from row-major memory.
  enum class Form {
    kReordered,  // the same values in another order: a reorder leads there and back
    kWinograd,   // a filter, transformed for F(4x4, 3x3) and then reordered: there is no way back
    kQuantized,  // a filter in integers, reordered, and the step of each output channel behind it
    kTiles,      // a filter as cpu/amx packs it, in integers with the steps behind it: there is no way back
  };

  // `plain` describes the row-major tensor, transformed where the form says so, in the dimensions of `packed`. `count`
  // such tensors lie one after the other.
  OnednnLayout(MemoryDesc plain, MemoryDesc packed, Form form = Form::kReordered, size_t count = 1)
      : plain_(std::move(plain)),
        packed_(std::move(packed)),
        form_(form),
        bytes_(packed_.get_size() * count),
        name_(NameOf(form_ == Form::kWinograd ? "winograd:" : "")) {}

  // A filter of `channels` output channels in integers between -levels and levels.
  OnednnLayout(MemoryDesc plain, MemoryDesc packed, int64_t channels, int levels)
      : plain_(std::move(plain)),
        packed_(std::move(packed)),
        form_(Form::kQuantized),
        levels_(levels),
        steps_offset_((packed_.get_size() + kStepAlignment - 1) / kStepAlignment * kStepAlignment),
        bytes_(steps_offset_ + static_cast<size_t>(channels) * sizeof(float)),
        name_(NameOf("whole" + std::to_string(levels) + ":")) {}

  // A filter for cpu/amx.
  explicit OnednnLayout(const cpu::AmxPacking& tiles)
      : form_(Form::kTiles),
        tiles_(tiles),
        steps_offset_((tiles.bytes() + kStepAlignment - 1) / kStepAlignment * kStepAlignment),
        bytes_(steps_offset_ + (tiles.whole ? static_cast<size_t>(tiles.out_channels) * sizeof(float) : 0)),
        name_("onednn:tiles:" + tiles.name() + "/" + std::to_string(bytes_)) {}

  const std::string& name() const override { return name_; }
  size_t bytes() const override { return bytes_; }
  const MemoryDesc& plain() const { return plain_; }
  const MemoryDesc& packed() const { return packed_; }
  Form form() const { return form_; }
  // For Form::kQuantized.
  int levels() const { return levels_; }
  // For Form::kTiles.
  const cpu::AmxPacking& tiles() const { return tiles_; }
  // For Form::kQuantized and Form::kTiles.
  size_t steps_offset() const { return steps_offset_; }

 private:
  static constexpr size_t kStepAlignment = 64;

  std::string NameOf(const std::string& form) const {
    return "onednn:" + form + TagOf(packed_) + "/" + std::to_string(bytes_);
  }

  MemoryDesc plain_;
  MemoryDesc packed_;
  Form form_;
  int levels_ = 0;
  cpu::AmxPacking tiles_{};
  size_t steps_offset_ = 0;
  size_t bytes_;
  std::string name_;
};

// The layout of a value that this backend laid out; null for plain. Layouts do not travel between backends.
inline const OnednnLayout* LayoutOf(const Value& value) { return static_cast<const OnednnLayout*>(value.layout.get()); }

}  // namespace slimnet::onednn
