#include "backends/onednn/onednn.h"

#include <algorithm>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/cpu_features.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/op_table.h"
#include "backends/cpu/product_rate.h"
#include "backends/onednn/diagnostics.h"
#include "backends/onednn/empty.h"
#include "backends/onednn/isa.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/stream.h"

namespace slimnet {
namespace onednn {
namespace {

using Ops = cpu::OpTable<OpContext, false>;

constexpr Ops::Entries Own() {
  Ops::Entries own{};
#define SLIMNET_ENTER(Op) own[static_cast<size_t>(OpKind::k##Op)] = &k##Op;
  SLIMNET_ONEDNN_OPS(SLIMNET_ENTER)
#undef SLIMNET_ENTER
  return own;
}

DeviceInfo Describe(int threads) {
  const cpu::CpuFeatures features = cpu::DetectCpuFeatures();
  const Diagnostics library = Diagnose();
  CpuInfo processor{.cache_bytes = cpu::SecondLevelCacheBytes(), .threads = threads};
  if (DetectLowPrecisionIsa().bfloat16_products) processor.bfloat16_rate = cpu::BFloat16ProductRate(features);
  DeviceInfo info{.name = "cpu",
                  .hardware = features.model + ", " + library.effective_isa,
                  .memory_bytes = cpu::HostMemoryBytes(),
                  .features = features.names(),
                  .shares_host_memory = true,
                  .cpu = processor};
  info.features.push_back("onednn " + library.version);
  info.features.push_back("onednn_isa " + library.effective_isa);
  return info;
}

class OnednnBackend final : public Backend {
 public:
  explicit OnednnBackend(const BackendOptions& options)
      : engine_(std::max(options.threads, 1)), device_(Describe(engine_.threads())) {}

  const std::string& name() const override { return name_; }
  const DeviceInfo& device() const override { return device_; }

  Verdict Offers(Precision precision) const override {
    const LowPrecisionIsa isa = DetectLowPrecisionIsa();
    const std::string here = " oneDNN may use " + Diagnose().effective_isa + " here";
    if (precision == Precision::kBFloat16 && !isa.bfloat16) {
      return Verdict::No("bfloat16 needs AVX-512 or AVX-VNNI-2;" + here);
    }
    if (precision == Precision::kInt8 && !isa.int8) return Verdict::No("int8 needs AVX2;" + here);
    return Verdict::Yes();
  }

  bool Has(OpKind op) const override { return ops_.Has(op); }
  Verdict Supports(const NodeContext& node) const override { return ops_.Supports(ContextOf(node)); }
  Verdict Fuses(const NodeContext& node, const PostOp& next) const override {
    return ops_.Fuses(ContextOf(node), next);
  }
  LayoutPtr Prefers(const NodeContext& node, size_t input) const override {
    return HasNothingToDo(node) ? nullptr : ops_.Prefers(ContextOf(node), input);
  }
  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override {
    if (HasNothingToDo(node)) return cpu::KernelOf("nothing", [](ParallelFor&, const Bindings&) {});
    return ops_.Prepare(ContextOf(node), [this](const NodeContext& plain) { return ContextOf(plain); });
  }

  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return cpu::AllocateAligned(bytes); }

  std::unique_ptr<Stream> NewStream(ParallelFor* pool) const override {
    return std::make_unique<OnednnStream>(engine_.dnnl_engine(), pool, engine_.threads());
  }

 private:
  OpContext ContextOf(const NodeContext& node) const { return {node, engine_}; }

  std::string name_ = "onednn";
  Ops ops_{name_, Own()};
  Engine engine_;
  DeviceInfo device_;
};

Verdict IsAvailable() {
  if (MayGenerateCode()) return Verdict::Yes();
  return Verdict::No(
      "the system does not let this process make memory executable (a hardened kernel, SELinux or a seccomp filter), "
      "which "
      "oneDNN's generated kernels need");
}

std::unique_ptr<Backend> Make(const BackendOptions& options) {
  try {
    return std::make_unique<OnednnBackend>(options);
  } catch (const dnnl::error& error) {
    throw Error(ErrorCode::kBackend,
                "onednn: the engine cannot be made, status " + std::to_string(static_cast<int>(error.status)) + ".");
  }
}

}  // namespace
}  // namespace onednn

BackendEntry OnednnEntry() { return {"onednn", onednn::IsAvailable, onednn::Make}; }

}  // namespace slimnet
