#include "backends/onednn/empty.h"

#include <algorithm>
#include <vector>

#include "backends/cpu/kernel_of.h"

namespace slimnet::onednn {

bool HasNothingToDo(const NodeContext& node) {
  const auto is_empty = [&](ValueId id) {
    return ElementCount(node.program.values[static_cast<size_t>(id)].type.shape) == 0;
  };
  return Info(node.node.op).updates.empty() &&
         std::all_of(node.node.outputs.begin(), node.node.outputs.end(), is_empty);
}

bool SumsNothing(const NodeContext& node) {
  const auto is_empty = [](const Value& value) { return ElementCount(value.type.shape) == 0; };
  return !is_empty(node.output(0)) && (is_empty(node.input(0)) || is_empty(node.input(1)));
}

std::unique_ptr<Kernel> Zeros(const NodeContext& node) {
  return cpu::KernelOf("zeros", [bytes = node.output(0).bytes()](ParallelFor&, const Bindings& b) {
    std::fill_n(cpu::Out<char>(b, 0), bytes, char{0});
  });
}

}  // namespace slimnet::onednn
