#include "backends/reference/reference.h"

#include <algorithm>
#include <array>
#include <utility>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/convert.h"
#include "backends/cpu/cpu_features.h"
#include "backends/cpu/cpu_stream.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/float_types.h"
#include "backends/cpu/via_float32.h"
#include "backends/reference/ops.h"
#include "backends/reference/rounded_filter.h"
#include "ir/views.h"

namespace slimnet {
namespace reference {
namespace {

using Prepare = std::unique_ptr<Kernel> (*)(const NodeContext&);

// In the order of OpKind.
constexpr std::array<Prepare, kOpCount> kPrepare{
#define SLIMNET_PREPARE(Pascal, snake) &Prepare##Pascal,
    SLIMNET_FOR_EACH_OP(SLIMNET_PREPARE)
#undef SLIMNET_PREPARE
};

bool HasPostOps(OpKind op) {
  switch (op) {
    case OpKind::kAdd:
    case OpKind::kBatchNorm:
    case OpKind::kConv2d:
    case OpKind::kMatmul:
      return true;
    default:
      return false;
  }
}

class ReferenceBackend final : public Backend {
 public:
  ReferenceBackend() {
    const cpu::CpuFeatures features = cpu::DetectCpuFeatures();
    device_ = {.name = "cpu",
               .hardware = features.model,
               .memory_bytes = cpu::HostMemoryBytes(),
               .features = features.names()};
  }

  const std::string& name() const override { return name_; }
  const DeviceInfo& device() const override { return device_; }

  Verdict Offers(Precision) const override { return Verdict::Yes(); }

  Verdict Supports(const NodeContext& node) const override {
    if (cpu::IsLowPrecision(node) && Info(node.node.op).low_precision == LowPrecision::kNone) {
      return Verdict::No("the reference backend computes " + std::string(Info(node.node.op).name) + " in float32");
    }
    if (cpu::LowersPrecision(node)) return Verdict::No("the reference backend lowers precision by a step of its own");
    const bool double_too = node.node.op != OpKind::kBatchNormTraining;
    const std::span<const DType> floats = double_too ? std::span<const DType>(cpu::kFloat32And64) : cpu::kFloat32;
    if (Verdict verdict = cpu::ComputesIn(node, name_, floats); !verdict) return verdict;
    for (const PostOp& next : node.node.post_ops) {
      if (Verdict verdict = Fuses(node, next); !verdict) return verdict;
    }
    return Verdict::Yes();
  }

  Verdict Fuses(const NodeContext& node, const PostOp& next) const override {
    const bool takes = next.kind == PostOp::Kind::kResult ? node.node.op == OpKind::kConv2d
                       : IsActivation(next.kind)          ? HasPostOps(node.node.op)
                                                          : Info(node.node.op).product;
    if (takes) return Verdict::Yes();
    return Verdict::No("the reference backend computes " + std::string(Info(node.node.op).name) + " alone");
  }

  LayoutPtr Prefers(const NodeContext&, size_t) const override { return nullptr; }

  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override {
    const auto prepare = kPrepare[static_cast<size_t>(node.node.op)];
    if (!cpu::IsLowPrecision(node) || IsView(node.node.op)) return prepare(node);
    if (node.node.op == OpKind::kReorder) return cpu::PrepareConvert(node);
    return cpu::ViaFloat32(node, prepare, RoundingOfFilter(node));
  }
  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return cpu::AllocateAligned(bytes); }
  std::unique_ptr<Stream> NewStream(ParallelFor& pool) const override { return std::make_unique<cpu::CpuStream>(pool); }

 private:
  std::string name_ = "reference";
  DeviceInfo device_;
};

}  // namespace
}  // namespace reference

BackendEntry ReferenceEntry() {
  return {"reference", [] { return Verdict::Yes(); },
          [](const BackendOptions&) -> std::unique_ptr<Backend> {
            return std::make_unique<reference::ReferenceBackend>();
          }};
}

}  // namespace slimnet
