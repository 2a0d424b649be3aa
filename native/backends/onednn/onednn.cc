#include "backends/onednn/onednn.h"

#include <algorithm>
#include <array>
#include <utility>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/cpu_features.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/product_rate.h"
#include "backends/cpu/via_float32.h"
#include "backends/onednn/amx_conv.h"
#include "backends/onednn/diagnostics.h"
#include "backends/onednn/isa.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/stream.h"
#include "backends/onednn/support.h"
#include "ir/views.h"

namespace slimnet {
namespace onednn {
namespace {

using PrepareOp = std::unique_ptr<Kernel> (*)(const OpContext&);

// In the order of OpKind.
constexpr std::array<PrepareOp, kOpCount> kPrepare{
#define SLIMNET_PREPARE(Op, name) &Prepare##Op,
    SLIMNET_FOR_EACH_OP(SLIMNET_PREPARE)
#undef SLIMNET_PREPARE
};

DeviceInfo Describe(int threads) {
  const cpu::CpuFeatures features = cpu::DetectCpuFeatures();
  const Diagnostics library = Diagnose();
  DeviceInfo info{"cpu", features.model + ", " + library.effective_isa, cpu::HostMemoryBytes(), features.names()};
  info.features.push_back("onednn " + library.version);
  info.features.push_back("onednn_isa " + library.effective_isa);
  info.cache_bytes = cpu::SecondLevelCacheBytes();
  info.threads = threads;
  if (DetectLowPrecisionIsa().bfloat16_products) info.bfloat16_rate = cpu::BFloat16ProductRate(features);
  return info;
}

// No elements to compute and no variables to change: oneDNN refuses some primitives for such shapes.
bool HasNothingToDo(const NodeContext& node) {
  const auto is_empty = [&](ValueId id) {
    return ElementCount(node.program.values[static_cast<size_t>(id)].type.shape) == 0;
  };
  return Info(node.node.op).updates.empty() &&
         std::all_of(node.node.outputs.begin(), node.node.outputs.end(), is_empty);
}

// Ops whose file here knows values in low precision; all others that take them compute via float32.
bool ReadsAnyStorage(OpKind op) {
  switch (op) {
    case OpKind::kBatchNorm:
    case OpKind::kConv2d:
    case OpKind::kMatmul:
    case OpKind::kMaxPool2d:
    case OpKind::kReduceMean:
    case OpKind::kReorder:
      return true;
    default:
      return IsView(op);
  }
}

Verdict SupportsLowPrecision(const OpContext& context) {
  const OpKind op = context.node.op;
  if (Info(op).low_precision == LowPrecision::kNone)
    return Verdict::No("the onednn backend computes this op in float32");
  if (!Info(op).product || HasNothingToDo(context)) return Verdict::Yes();
  if (op == OpKind::kConv2d && TakesAmxConv(context)) return Verdict::Yes();
  if (cpu::LowersPrecision(context)) return Verdict::No("oneDNN writes low precision where it reads them");
  return op == OpKind::kConv2d ? SupportsLowPrecisionConv2d(context) : SupportsLowPrecisionMatmul(context);
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

  Verdict Supports(const NodeContext& node) const override {
    if (Verdict verdict = SupportsNode(node); !verdict) return verdict;
    if (HasSecondResult(node.node) && !TakesAmxConv({node, engine_})) {
      return Verdict::No("a second result is made by the loops for the matrix unit alone");
    }
    return cpu::IsLowPrecision(node) ? SupportsLowPrecision({node, engine_}) : Verdict::Yes();
  }
  Verdict Fuses(const NodeContext& node, const PostOp& next) const override { return FusesPostOp(node, next); }

  LayoutPtr Prefers(const NodeContext& node, size_t input) const override {
    // Asked before Supports() has been: what cannot run has no preference.
    if (input != 1 || HasNothingToDo(node) || !Supports(node)) return nullptr;
    switch (node.node.op) {
      case OpKind::kConv2d:
        return PreferConv2d({node, engine_});
      case OpKind::kMatmul:
        return PreferMatmul({node, engine_});
      default:
        return nullptr;
    }
  }

  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override {
    if (!Info(node.node.op).source && HasNothingToDo(node)) {
      return cpu::KernelOf("nothing", [](ParallelFor&, const Bindings&) {});
    }
    const PrepareOp prepare = kPrepare[static_cast<size_t>(node.node.op)];
    if (cpu::IsLowPrecision(node) && !ReadsAnyStorage(node.node.op)) {
      return cpu::ViaFloat32(node, [&](const NodeContext& plain) { return prepare({plain, engine_}); });
    }
    return prepare({node, engine_});
  }

  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return cpu::AllocateAligned(bytes); }

  std::unique_ptr<Stream> NewStream(ParallelFor& pool) const override {
    return std::make_unique<OnednnStream>(engine_.dnnl_engine(), pool, engine_.threads());
  }

 private:
  std::string name_ = "onednn";
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
