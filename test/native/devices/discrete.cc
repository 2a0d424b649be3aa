#include "native/devices/discrete.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/reference/reference.h"
#include "base/error.h"
#include "native/devices/discrete_memory.h"
#include "native/devices/discrete_stream.h"

namespace slimnet::testing {
namespace {

std::vector<DevicePtr> AllForKernel(std::span<const DevicePtr> pointers) {
  std::vector<DevicePtr> all;
  for (const DevicePtr pointer : pointers) all.push_back(ForKernel(pointer));
  return all;
}

class DiscreteInvocation final : public Invocation {
 public:
  DiscreteInvocation(std::unique_ptr<Invocation> inner, std::string op, std::string node)
      : inner_(std::move(inner)), op_(std::move(op)), node_(std::move(node)) {}

  void Enqueue(Stream& stream, const Bindings& bindings) override {
    static_cast<DiscreteStream&>(stream).Queue(
        [this, inputs = AllForKernel(bindings.inputs), operands = AllForKernel(bindings.operands),
         outputs = AllForKernel(bindings.outputs), scratch = ForKernel(bindings.scratch),
         draw = bindings.draw](Stream& inner) {
          try {
            inner_->Enqueue(inner, {inputs, operands, outputs, scratch, draw});
          } catch (Error& error) {
            error.At(op_, node_);
            throw;
          }
        });
  }

 private:
  std::unique_ptr<Invocation> inner_;
  std::string op_, node_;
};

class DiscreteKernel final : public Kernel {
 public:
  DiscreteKernel(std::unique_ptr<Kernel> inner, const Node& node)
      : inner_(std::move(inner)), op_(Info(node.op).name), node_(node.name) {}
  size_t scratch_bytes() const override { return inner_->scratch_bytes(); }
  std::string implementation() const override { return inner_->implementation(); }
  std::unique_ptr<Invocation> NewInvocation() const override {
    return std::make_unique<DiscreteInvocation>(inner_->NewInvocation(), op_, node_);
  }

 private:
  std::unique_ptr<Kernel> inner_;
  std::string op_, node_;
};

class DiscreteBackend final : public Backend {
 public:
  explicit DiscreteBackend(const BackendOptions& options) : inner_(ReferenceEntry().make(options)) {
    device_.name = name_;
    device_.hardware = "memory without access";
    device_.memory_bytes = inner_->device().memory_bytes;
    device_.index = 0;
  }

  const std::string& name() const override { return name_; }
  const DeviceInfo& device() const override { return device_; }
  Verdict Offers(Precision precision) const override { return inner_->Offers(precision); }
  bool Has(OpKind op) const override { return inner_->Has(op); }
  Verdict Supports(const NodeContext& node) const override { return inner_->Supports(node); }
  Verdict Fuses(const NodeContext& node, const PostOp& next) const override { return inner_->Fuses(node, next); }
  LayoutPtr Prefers(const NodeContext& node, size_t input) const override { return inner_->Prefers(node, input); }
  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override {
    return std::make_unique<DiscreteKernel>(inner_->Prepare(node), node.node);
  }
  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return AllocateDiscrete(bytes); }
  // A device has no use for threads of the host.
  std::unique_ptr<Stream> NewStream(ParallelFor*) const override {
    return std::make_unique<DiscreteStream>(inner_->NewStream(nullptr));
  }

 private:
  const std::string name_ = "discrete";
  std::unique_ptr<Backend> inner_;
  DeviceInfo device_;
};

}  // namespace

BackendEntry DiscreteEntry() {
  return {"discrete", [] { return Verdict::Yes(); },
          [](const BackendOptions& options) -> std::unique_ptr<Backend> {
            return std::make_unique<DiscreteBackend>(options);
          }};
}

}  // namespace slimnet::testing
