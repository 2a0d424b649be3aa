#include "ir/microbatch_loop.h"

#include <algorithm>
#include <variant>

#include "ir/reads.h"

namespace slimnet {

MicrobatchLoop::MicrobatchLoop(const Program& program) {
  for (const Node& node : program.nodes) Add(node);
}

void MicrobatchLoop::Add(const Node& node) {
  if (node.op == OpKind::kMicrobatchConcat) return;
  const auto* slice = std::get_if<MicrobatchSliceAttrs>(&node.attrs);
  bool inside = slice != nullptr;
  ForEachRead(node, [&](ValueId value) { inside = inside || Makes(value); });
  if (!inside) return;
  if (slice != nullptr && repeats_ == 1) repeats_ = slice->count;
  for (ValueId value : node.outputs) {
    const auto index = static_cast<size_t>(value);
    if (index >= made_inside_.size()) made_inside_.resize(index + 1, false);
    made_inside_[index] = true;
  }
}

}  // namespace slimnet
