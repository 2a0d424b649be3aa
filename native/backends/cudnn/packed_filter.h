// The filter of a product: in the layout that the product asked for, or packed by the step itself.
#pragma once

#include <memory>
#include <optional>

#include "backends/cudnn/aligned.h"
#include "backends/cudnn/device.h"
#include "backends/cudnn/filter_layout.h"
#include "backends/cudnn/plan_step.h"

namespace slimnet::cudnn {

class PackedFilter {
 public:
  // `wanted` is what the product asks for; the value at the port is in it, or plain.
  PackedFilter(const OpContext& context, size_t port, FilterLayout wanted);

  const FilterLayout& layout() const { return layout_; }
  // Where the packed filter lies for a plan: at the port, or in the scratch memory.
  TensorPlace place() const;
  // Where the steps of its channels lie, of int8.
  TensorPlace steps_place() const { return place().Behind(layout_.steps_offset()); }
  // Of the beginning of the scratch memory: the packed filter, where it comes plain.
  size_t scratch_bytes() const { return comes_packed_ ? 0 : AlignedBytes(layout_.bytes()); }
  // Queues the packing, where it comes plain.
  void Pack(Queue& queue, const Bindings& bindings) const;
  // The plan's kernel, which packs before where the filter comes plain.
  std::unique_ptr<Kernel> KernelWith(PlanStep step) const;

 private:
  size_t port_;
  FilterLayout layout_;
  bool comes_packed_;
};

}  // namespace slimnet::cudnn
