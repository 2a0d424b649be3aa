// Which nodes write in layouts of a backend.
#pragma once

#include <algorithm>

#include "ir/program.h"

namespace slimnet {

// Whether a node writes a result in a layout, beside reorders, which are there for that.
inline bool WritesLayout(const Program& program, const Node& node) {
  const auto packed = [&](ValueId value) { return program.values[At(value)].layout != nullptr; };
  return node.op != OpKind::kReorder && std::ranges::any_of(node.outputs, packed);
}

}  // namespace slimnet
