#include "backends/null/null.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/cpu_stream.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "ir/layouts.h"

namespace slimnet {
namespace {

constexpr size_t kImage = 0;  // input ports of conv2d
constexpr size_t kFilter = 1;
constexpr int64_t kFewChannels = 4;

// Stands for the packed weights of a real backend, and for images that it wants filled up.
class PackedLayout final : public Layout {
 public:
  explicit PackedLayout(size_t bytes) : bytes_(bytes) {}
  const std::string& name() const override { return name_; }
  size_t bytes() const override { return bytes_; }

 private:
  std::string name_ = "null:packed";
  size_t bytes_;
};

bool EndsInRelu(const Node& node) {
  if (node.post_ops.empty()) return false;
  return IsActivation(node.post_ops.back().kind);
}

bool Absorbs(const Node& node, const PostOp& next) {
  const bool adds = next.kind == PostOp::Kind::kAdd;
  if (Info(node.op).product) return !IsMask(next.kind) && (!adds || next.in_place);
  switch (node.op) {
    case OpKind::kBatchNormTraining:
      return IsActivation(next.kind) || (adds && node.post_ops.empty());
    case OpKind::kBatchNormTrainingBackward:
    case OpKind::kBatchNormTrainingReluBackward:
      return adds && node.post_ops.empty();
    case OpKind::kCast:
      return IsByChannel(next.kind);
    case OpKind::kBatchNorm:
      return IsActivation(next.kind);
    case OpKind::kAdd:
      return IsActivation(next.kind) || (IsMask(next.kind) && node.post_ops.empty());
    default:
      return false;
  }
}

class NullBackend final : public Backend {
 public:
  NullBackend() : device_{.name = "none", .shares_host_memory = true} {}

  const std::string& name() const override { return name_; }
  const DeviceInfo& device() const override { return device_; }
  Verdict Offers(Precision) const override { return Verdict::Yes(); }
  bool Has(OpKind) const override { return true; }
  Verdict Supports(const NodeContext& node) const override {
    if (cpu::IsLowPrecision(node) && Info(node.node.op).low_precision == LowPrecision::kNone)
      return Verdict::No("this op takes float32");
    if (WritesLayout(node.program, node.node) && node.node.op != OpKind::kCast) {
      return Verdict::No("packing is a step of its own");
    }
    if (cpu::LowersPrecision(node)) return Verdict::No("precision is lowered by a step of its own");
    // As with loops for low precision beside a library for the others.
    if (HasSecondResult(node.node) && !cpu::IsLowPrecision(node)) return Verdict::No("float32 has one result");
    return Verdict::Yes();
  }

  // Bias, sum in place and relu behind a convolution or product; sum and relu behind a batch norm in training, sum
  // behind the way back from one; relu behind another batch norm; relu or the mask of one behind a sum. Nothing behind
  // a relu. Numbers for each channel behind a cast.
  Verdict Fuses(const NodeContext& context, const PostOp& next) const override {
    const Node& node = context.node;
    if (EndsInRelu(node)) return Verdict::No("nothing is fused behind a relu");
    if (Absorbs(node, next)) return Verdict::Yes();
    return Verdict::No("this op absorbs no such op");
  }

  LayoutPtr Prefers(const NodeContext& context, size_t input) const override {
    if (context.node.op != OpKind::kConv2d || input > kFilter) return nullptr;
    if (input == kImage && context.input(kImage).type.shape[3] >= kFewChannels) return nullptr;
    return std::make_shared<PackedLayout>(ByteSize(context.input(input).type));
  }

  std::unique_ptr<Kernel> Prepare(const NodeContext& context) const override {
    std::vector<size_t> sizes;
    for (size_t i = 0; i < context.node.outputs.size(); ++i) sizes.push_back(context.output(i).bytes());
    return cpu::KernelOf("null", [sizes = std::move(sizes)](ParallelFor&, const Bindings& bindings) {
      for (size_t i = 0; i < sizes.size(); ++i) {
        if (sizes[i] > 0) std::memset(cpu::Out<void>(bindings, i), 0, sizes[i]);
      }
    });
  }

  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return cpu::AllocateAligned(bytes); }
  std::unique_ptr<Stream> NewStream(ParallelFor* pool) const override { return std::make_unique<cpu::CpuStream>(pool); }

 private:
  std::string name_ = "null";
  DeviceInfo device_;
};

}  // namespace

BackendEntry NullEntry() {
  return {"null", [] { return Verdict::Yes(); }, [](const BackendOptions&) { return std::make_unique<NullBackend>(); }};
}

}  // namespace slimnet
