// The nodes of a program that run several times in one run, each time on the next images of the batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ir/program.h"

namespace slimnet {

// The loop follows from the views at its ends: what a microbatch_slice makes, and all that is made of that without a
// microbatch_concat, is in it. A program holds no other mark of it, so that no pass has to keep one up to date.
class MicrobatchLoop {
 public:
  MicrobatchLoop() = default;
  explicit MicrobatchLoop(const Program& program);

  // Takes the next node of a program, in their order.
  void Add(const Node& node);

  // How often it runs in one run; 1: there is no loop.
  int64_t repeats() const { return repeats_; }
  // Whether the node is in it.
  bool Holds(const Node& node) const { return Makes(node.outputs[0]); }
  // Whether the value is made in it: that of a few images at a time.
  bool Makes(ValueId value) const {
    return static_cast<size_t>(value) < made_inside_.size() && made_inside_[static_cast<size_t>(value)];
  }

 private:
  std::vector<bool> made_inside_;  // by value; as long as the last value that is
  int64_t repeats_ = 1;
};

}  // namespace slimnet
