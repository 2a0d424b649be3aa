// The ops that this backend computes: an entry in the file of the op's name. A new op is a file and `npm run gen`.
//
//   constexpr OpEntry kRelu{.reads_low_precision = true, .fuses = FusesBehindRelu, .prepare = PrepareRelu};
//
// `prepare` returns KernelOf(name, [...](Queue& queue, const Bindings& bindings) { ... }, scratch bytes): what it
// captures are sizes, attributes and plans; it queues kernels (kernels/) and plans (plan_step.h), and waits for
// nothing. What a node's values are to kernels stands in stored.h.
#pragma once

#include <memory>
#include <span>

#include "backends/cpu/float_types.h"
#include "backends/cudnn/device.h"
#include "gen/cudnn_ops.gen.h"

namespace slimnet::cudnn {

struct OpEntry {
  // Types in which the op computes; integers among them where it says so (cpu/float_types.h).
  std::span<const DType> floats = cpu::FloatTypes(false);
  // The op reads and writes what is stored in low precision; all others take float32 alone.
  bool reads_low_precision = false;
  // The op may write its result in a layout that its reader prefers; `supports` says in which.
  bool writes_layouts = false;
  // What must hold of a node besides; null: nothing.
  Verdict (*supports)(const OpContext& node) = nullptr;
  // Whether the node may absorb `next` behind the post-ops `before`; null: it absorbs nothing.
  Verdict (*fuses)(const OpContext& node, std::span<const PostOp> before, const PostOp& next) = nullptr;
  // The layout in which the node wants an input, or an operand, counted behind the inputs; null: plain.
  LayoutPtr (*prefers)(const OpContext& node, size_t input) = nullptr;
  std::unique_ptr<Kernel> (*prepare)(const OpContext& node) = nullptr;
};

#define SLIMNET_DECLARE_ENTRY(Op) extern const OpEntry k##Op;
SLIMNET_CUDNN_OPS(SLIMNET_DECLARE_ENTRY)
#undef SLIMNET_DECLARE_ENTRY

}  // namespace slimnet::cudnn
