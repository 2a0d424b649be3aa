// Which values share their bytes, and how long those bytes are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ir/program.h"

namespace slimnet {

// One stretch of memory. Views and adds in place give it further values; a new value in place is in the memory of its
// variable. What the microbatch loop leaves behind through
// a concat is as large as the batch, and needed from the first repetition on.
struct Storage {
  ValueId value = kNoValue;  // the first value in it
  size_t bytes = 0;
  // kArena, kInput, kVariable, kSpare, kConstant; kNone: within the prologue alone.
  Place::Kind kind = Place::Kind::kArena;
  int32_t first = 0;  // index of the node that makes the value, or begins the microbatch loop
  int32_t last = 0;   // index of the last node that touches it; nodes.size() for outputs
  bool joined = false;
};

struct Storages {
  std::vector<Storage> items;  // in the order of their making
  std::vector<int32_t> of;     // by value: index into items, or -1

  explicit Storages(const Program& program);
  // Storages that a node reads or writes, each once, ascending.
  std::vector<int32_t> TouchedBy(const Node& node) const;
};

// The operand that an add in place overwrites, or kNoValue.
ValueId Overwritten(const Node& node);

}  // namespace slimnet
