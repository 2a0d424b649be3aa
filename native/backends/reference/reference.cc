#include "backends/reference/reference.h"

#include <functional>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/cpu_features.h"
#include "backends/cpu/cpu_stream.h"
#include "backends/cpu/op_table.h"
#include "backends/reference/ops.h"
#include "backends/reference/products.h"

namespace slimnet {
namespace reference {
namespace {

using Ops = cpu::OpTable<NodeContext, true>;

constexpr Ops::Entries Own() {
  Ops::Entries own{};
#define SLIMNET_ENTER(Op) own[static_cast<size_t>(OpKind::k##Op)] = &k##Op;
  SLIMNET_REFERENCE_OPS(SLIMNET_ENTER)
#undef SLIMNET_ENTER
  return own;
}

class ReferenceBackend final : public Backend {
 public:
  ReferenceBackend() {
    const cpu::CpuFeatures features = cpu::DetectCpuFeatures();
    device_ = {.name = "cpu",
               .hardware = features.model,
               .memory_bytes = cpu::HostMemoryBytes(),
               .features = features.names(),
               .shares_host_memory = true,
               .cpu = CpuInfo{}};
  }

  const std::string& name() const override { return name_; }
  const DeviceInfo& device() const override { return device_; }

  Verdict Offers(Precision) const override { return Verdict::Yes(); }

  bool Has(OpKind op) const override { return ops_.Has(op); }
  Verdict Supports(const NodeContext& node) const override { return ops_.Supports(node); }
  Verdict Fuses(const NodeContext& node, const PostOp& next) const override { return ops_.Fuses(node, next); }
  LayoutPtr Prefers(const NodeContext& node, size_t input) const override { return ops_.Prefers(node, input); }
  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override {
    return ops_.Prepare(node, std::identity(), RoundingOfFilter(node));
  }

  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return cpu::AllocateAligned(bytes); }
  std::unique_ptr<Stream> NewStream(ParallelFor* pool) const override { return std::make_unique<cpu::CpuStream>(pool); }

 private:
  std::string name_ = "reference";
  Ops ops_{name_, Own()};
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
