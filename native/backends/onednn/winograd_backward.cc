#include "backends/onednn/winograd_backward.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/bindings.h"
#include "backends/cpu/cpu_stream.h"
#include "backends/onednn/layout.h"
#include "backends/onednn/winograd.h"

namespace slimnet::onednn {
namespace {

// Transforming the filter takes as long as the products of some tens of tiles, and here it is done in each run.
constexpr int64_t kFewestTilesToGoBack = 64;
constexpr int64_t kTurnBlock = 16;  // channels of both sides that are turned together

// The convolution that the gradient is, in a program of its own, and the packing of its filter.
struct TurnedConvolution {
  static constexpr ValueId kDy = 0;
  static constexpr ValueId kFilter = 1;  // turned, row-major
  static constexpr ValueId kPacked = 2;
  static constexpr ValueId kDx = 3;

  Program program;
  Node convolution;
  Node packing;

  explicit TurnedConvolution(const OpContext& context) {
    const auto& attrs = std::get<Conv2dBackwardDataAttrs>(context.node.attrs);
    const Shape& filter = context.input(0).type.shape;
    const TensorType turned{DType::kFloat32, {filter[0], filter[1], filter[3], filter[2]}};
    program.values.push_back(context.input(1));
    program.AddValue(turned);
    program.AddValue(turned);
    program.values.push_back(context.output(0));
    convolution.op = OpKind::kConv2d;
    Conv2dAttrs there{.strides = attrs.strides, .dilations = attrs.dilations, .pads = {}};
    for (size_t i = 0; i < there.pads.size(); ++i) there.pads[i] = filter[i / 2] - 1 - attrs.pads[i];
    convolution.attrs = there;
    convolution.name = context.node.name;
    convolution.inputs = {kDy, kFilter};
    convolution.outputs = {kDx};
    packing.op = OpKind::kReorder;
    packing.attrs = ReorderAttrs{};
    packing.name = context.node.name;
    packing.inputs = {kFilter};
    packing.outputs = {kPacked};
  }
};

// [taps,C,O] -> [taps,O,C], the taps in the opposite order.
void Turn(ParallelFor& pool, const float* filter, int64_t taps, int64_t in, int64_t out, float* turned) {
  const int64_t blocks = (in + kTurnBlock - 1) / kTurnBlock;
  cpu::ForRange(pool, taps * blocks, 1, [=](int64_t begin, int64_t end) {
    for (int64_t job = begin; job < end; ++job) {
      const int64_t tap = job / blocks;
      const int64_t first = job % blocks * kTurnBlock;
      const int64_t last = std::min(first + kTurnBlock, in);
      const float* from = filter + (taps - 1 - tap) * in * out;
      float* to = turned + tap * in * out;
      for (int64_t o = 0; o < out; ++o) {
        for (int64_t c = first; c < last; ++c) to[o * in + c] = from[c * out + o];
      }
    }
  });
}

struct WinogradBackwardPlan {
  std::unique_ptr<Kernel> pack;
  std::unique_ptr<Kernel> convolve;
  int64_t taps, in, out;
  size_t packed_offset = 0;
  size_t inner_offset = 0;
};

class WinogradBackwardInvocation final : public Invocation {
 public:
  explicit WinogradBackwardInvocation(std::shared_ptr<const WinogradBackwardPlan> plan)
      : plan_(std::move(plan)), pack_(plan_->pack->NewInvocation()), convolve_(plan_->convolve->NewInvocation()) {}

  void Enqueue(Stream& stream, const Bindings& b) override {
    const WinogradBackwardPlan& p = *plan_;
    Turn(cpu::PoolOf(stream), cpu::In<float>(b, 0), p.taps, p.in, p.out, cpu::Scratch<float>(b));
    const DevicePtr inner = b.scratch + p.inner_offset;
    const std::array<DevicePtr, 1> turned{b.scratch};
    const std::array<DevicePtr, 1> packed{b.scratch + p.packed_offset};
    pack_->Enqueue(stream, {turned, {}, packed, inner, b.draw});
    const std::array<DevicePtr, 2> inputs{b.inputs[1], packed[0]};
    convolve_->Enqueue(stream, {inputs, {}, b.outputs, inner, b.draw});
  }

 private:
  std::shared_ptr<const WinogradBackwardPlan> plan_;
  std::unique_ptr<Invocation> pack_, convolve_;
};

class WinogradBackwardKernel final : public Kernel {
 public:
  explicit WinogradBackwardKernel(WinogradBackwardPlan plan)
      : plan_(std::make_shared<const WinogradBackwardPlan>(std::move(plan))) {}
  size_t scratch_bytes() const override {
    return plan_->inner_offset + std::max(plan_->pack->scratch_bytes(), plan_->convolve->scratch_bytes());
  }
  std::string implementation() const override { return plan_->convolve->implementation(); }
  std::unique_ptr<Invocation> NewInvocation() const override {
    return std::make_unique<WinogradBackwardInvocation>(plan_);
  }

 private:
  std::shared_ptr<const WinogradBackwardPlan> plan_;
};

}  // namespace

bool PrefersWinogradBackward(const OpContext& context) {
  const auto& attrs = std::get<Conv2dBackwardDataAttrs>(context.node.attrs);
  const Shape& filter = context.input(0).type.shape;
  if (filter[0] != 3 || filter[1] != 3) return false;
  if (std::any_of(attrs.pads.begin(), attrs.pads.end(), [](int64_t pad) { return pad > 2; })) return false;
  const TurnedConvolution turned(context);
  return PrefersWinograd({{turned.program, turned.convolution}, context.engine}, kFewestTilesToGoBack);
}

std::unique_ptr<Kernel> PrepareWinogradBackward(const OpContext& context) {
  TurnedConvolution turned(context);
  const Shape& filter = context.input(0).type.shape;
  WinogradBackwardPlan plan{
      .pack = nullptr, .convolve = nullptr, .taps = filter[0] * filter[1], .in = filter[2], .out = filter[3]};
  turned.program.values[TurnedConvolution::kPacked].layout =
      WinogradLayout({{turned.program, turned.convolution}, context.engine});
  turned.convolution.inputs[1] = TurnedConvolution::kPacked;
  const Value& packed = turned.program.values[TurnedConvolution::kPacked];
  plan.pack = PrepareWinogradFilter({{turned.program, turned.packing}, context.engine}, *LayoutOf(packed));
  plan.convolve = PrepareWinograd({{turned.program, turned.convolution}, context.engine});
  plan.packed_offset = cpu::AlignedSize(context.input(0).bytes());
  plan.inner_offset = plan.packed_offset + cpu::AlignedSize(packed.bytes());
  return std::make_unique<WinogradBackwardKernel>(std::move(plan));
}

}  // namespace slimnet::onednn
