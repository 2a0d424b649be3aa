#include "backends/cudnn/packed_filter.h"

#include <utility>

#include "backends/cudnn/kernel_of.h"
#include "base/error.h"

namespace slimnet::cudnn {

PackedFilter::PackedFilter(const OpContext& context, size_t port, FilterLayout wanted)
    : port_(port), layout_(std::move(wanted)), comes_packed_(context.input(port).layout != nullptr) {
  if (comes_packed_ && context.input(port).layout->name() != layout_.name()) {
    throw Error(ErrorCode::kInternal, "cudnn: the filter is packed as " + context.input(port).layout->name() +
                                          ", the product reads " + layout_.name() + ".")
        .At("", context.node.name);
  }
}

TensorPlace PackedFilter::place() const { return comes_packed_ ? TensorPlace::Input(port_) : TensorPlace::Scratch(0); }

void PackedFilter::Pack(Queue& queue, const Bindings& bindings) const {
  if (!comes_packed_) PackFilter(queue, layout_, bindings.inputs[port_], bindings.scratch);
}

std::unique_ptr<Kernel> PackedFilter::KernelWith(PlanStep step) const {
  if (comes_packed_) return KernelOf(std::move(step));
  std::string implementation = "pack + " + step.implementation();
  const size_t scratch = scratch_bytes() + step.scratch_bytes();
  return KernelOf(
      std::move(implementation),
      [step = std::move(step), filter = *this](Queue& queue, const Bindings& bindings) {
        filter.Pack(queue, bindings);
        step.Run(queue, bindings, filter.scratch_bytes());
      },
      scratch);
}

}  // namespace slimnet::cudnn
