#include "backends/cudnn/cudnn.h"

#include <algorithm>
#include <array>
#include <utility>

#include "backends/cudnn/filled_layout.h"
#include "backends/cudnn/filter_layout.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/rounded_layout.h"
#include "backends/cudnn/stored.h"
#include "base/error.h"
#include "ir/layouts.h"

namespace slimnet::cudnn {
namespace {

using Entries = std::array<const OpEntry*, kOpCount>;  // by OpKind; null: left out

constexpr Entries AllEntries() {
  Entries entries{};
#define SLIMNET_ENTER(Op) entries[static_cast<size_t>(OpKind::k##Op)] = &k##Op;
  SLIMNET_CUDNN_OPS(SLIMNET_ENTER)
#undef SLIMNET_ENTER
  return entries;
}

// Whether there are no elements to compute and no variables to change.
bool HasNothingToDo(const NodeContext& node) {
  return Info(node.node.op).updates.empty() &&
         std::ranges::all_of(node.node.outputs, [&](ValueId id) { return IsEmpty(node.program.values[At(id)]); });
}

class CudnnBackend final : public Backend {
 public:
  CudnnBackend(std::string name, std::string device, Device parts, std::vector<std::string> features)
      : name_(std::move(name)), parts_(std::move(parts)) {
    const GpuProperties& gpu = parts_.gpu->properties();
    device_.name = std::move(device);
    device_.hardware = Describe(gpu);
    device_.memory_bytes = gpu.memory_bytes;
    device_.features = std::move(features);
    device_.features.push_back("compute_capability " + std::to_string(gpu.compute_capability / 10) + "." +
                               std::to_string(gpu.compute_capability % 10));
    device_.index = gpu.index;
    device_.records = parts_.records;
    device_.gathers_updates = true;
  }

  const std::string& name() const override { return name_; }
  const DeviceInfo& device() const override { return device_; }

  Verdict Offers(Precision precision) const override {
    if (precision == Precision::kFloat32 || parts_.gpu->properties().compute_capability >= 80) return Verdict::Yes();
    return Verdict::No(std::string(Name(precision)) + " needs a GPU of compute capability 8.0 or later; this one is " +
                       device_.hardware);
  }

  bool Has(OpKind op) const override { return EntryOf(op) != nullptr; }

  Verdict Supports(const NodeContext& node) const override {
    const OpInfo& op = Info(node.node.op);
    const OpEntry* entry = EntryOf(node.node.op);
    if (entry == nullptr) return Verdict::No(LeavesOut(op));
    if (WritesLayout(node.program, node.node) && !entry->writes_layouts) {
      return Verdict::No("the " + name_ + " backend packs what " + std::string(op.name) +
                         " makes in a step of its own");
    }
    if (IsLowPrecision(node) && (!entry->reads_low_precision || op.low_precision == LowPrecision::kNone)) {
      return Verdict::No("the " + name_ + " backend computes " + std::string(op.name) + " in float32");
    }
    if (Verdict verdict = cpu::ComputesIn(node, name_, entry->floats); !verdict) return verdict;
    const OpContext context = ContextOf(node);
    const std::span<const PostOp> post_ops = node.node.post_ops;
    for (size_t i = 0; i < post_ops.size(); ++i) {
      if (Verdict verdict = Absorbs(*entry, context, post_ops.first(i), post_ops[i]); !verdict) return verdict;
    }
    return entry->supports == nullptr ? Verdict::Yes() : entry->supports(context);
  }

  Verdict Fuses(const NodeContext& node, const PostOp& next) const override {
    const OpEntry* entry = EntryOf(node.node.op);
    if (entry == nullptr) return Verdict::No(LeavesOut(Info(node.node.op)));
    return Absorbs(*entry, ContextOf(node), node.node.post_ops, next);
  }

  LayoutPtr Prefers(const NodeContext& node, size_t input) const override {
    const OpEntry* entry = EntryOf(node.node.op);
    if (entry == nullptr || entry->prefers == nullptr || HasNothingToDo(node) || !Supports(node)) return nullptr;
    return entry->prefers(ContextOf(node), input);
  }

  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override {
    const OpEntry* entry = EntryOf(node.node.op);
    if (entry == nullptr) throw Error(ErrorCode::kBackend, LeavesOut(Info(node.node.op))).At("", node.node.name);
    if (HasNothingToDo(node)) return KernelOf("nothing", [](Queue&, const Bindings&) {});
    return entry->prepare(ContextOf(node));
  }

  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return parts_.gpu->Allocate(bytes); }
  std::unique_ptr<Memory> AllocatePinned(size_t bytes) const override { return parts_.gpu->AllocatePinned(bytes); }
  std::optional<size_t> free_bytes() const override { return parts_.gpu->free_bytes(); }
  // A device has no use for threads of the host.
  std::unique_ptr<Stream> NewStream(ParallelFor*) const override { return std::make_unique<QueueStream>(parts_.gpu); }

 private:
  const OpEntry* EntryOf(OpKind op) const { return entries_[static_cast<size_t>(op)]; }
  // What is asked of a node may build plans, which cuDNN does for the current GPU.
  OpContext ContextOf(const NodeContext& node) const {
    parts_.gpu->MakeCurrent();
    return {node, parts_};
  }
  std::string LeavesOut(const OpInfo& op) const {
    return "the " + name_ + " backend leaves out the op " + std::string(op.name);
  }

  Verdict Absorbs(const OpEntry& entry, const OpContext& node, std::span<const PostOp> before,
                  const PostOp& next) const {
    if (entry.fuses != nullptr) return entry.fuses(node, before, next);
    return Verdict::No("the " + name_ + " backend computes " + std::string(Info(node.node.op).name) + " alone");
  }

  const std::string name_;
  const Device parts_;
  const Entries entries_ = AllEntries();
  DeviceInfo device_;
};

}  // namespace

std::unique_ptr<Backend> MakeBackend(std::string name, std::string device, Device parts,
                                     std::vector<std::string> features) {
  return std::make_unique<CudnnBackend>(std::move(name), std::move(device), std::move(parts), std::move(features));
}

LayoutPtr LayoutNamed(const std::string& name) {
  if (LayoutPtr filter = FilterLayoutNamed(name)) return filter;
  if (LayoutPtr image = FilledLayoutNamed(name)) return image;
  return RoundedLayoutNamed(name);
}

}  // namespace slimnet::cudnn
