// Sums. Those of two tensors of one shape, which activations and gradients are, in one loop with what stands behind.
#include "backends/cpu/best_isa.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/norm/rows.h"
#include "backends/cpu/via_float32.h"
#include "backends/onednn/broadcast.h"
#include "backends/onednn/norm_tail.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

// What one sum goes through: cut off at the ends, or dropped where the operand of a mask says so.
struct SumTail {
  cpu::norm::Ends ends;
  bool masked = false;
  float limit = std::numeric_limits<float>::infinity();  // of a mask; of infinity there is none above

  explicit SumTail(const Node& node) : ends(NormTail(node).ends) {
    if (node.post_ops.empty() || !IsMask(node.post_ops.front().kind)) return;
    masked = true;
    limit = node.post_ops.front().kind == PostOp::Kind::kRelu6Backward ? 6 : std::numeric_limits<float>::quiet_NaN();
  }
};

template <class From, class To>
SLIMNET_INLINE void Sum(const From* __restrict x, const From* __restrict y, const To* __restrict kept, SumTail tail,
                        int64_t count, To* __restrict z) {
  using cpu::norm::Read;
  if (tail.masked) {
    for (int64_t i = 0; i < count; ++i) {
      const float mask = Read(kept[i]);
      cpu::norm::Write(z[i], ((mask > 0) & !(mask >= tail.limit)) ? Read(x[i]) + Read(y[i]) : 0.0F);
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    const float sum = Read(x[i]) + Read(y[i]);
    const float above = sum < tail.ends.low ? tail.ends.low : sum;
    cpu::norm::Write(z[i], above > tail.ends.high ? tail.ends.high : above);
  }
}

bool IsOfOneShape(const OpContext& context) {
  const TensorType& z = context.output(0).type;
  return z.dtype == DType::kFloat32 && context.input(0).type == z && context.input(1).type == z &&
         context.input(0).encoding == context.input(1).encoding && cpu::NoIntegers(context);
}

Verdict FusesBehindAdd(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (before.empty() && IsMask(next.kind) && IsOfOneShape(context)) return Verdict::Yes();
  return FusesActivation(context, before, next);
}

std::unique_ptr<Kernel> PrepareSumOfOneShape(const OpContext& context) {
  const int64_t count = ElementCount(context.output(0).type.shape);
  const SumTail tail(context.node);
  return cpu::ForStoredFloat(context.input(0), [&](auto from) {
    return cpu::ForStoredFloat(context.output(0), [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
        const From* x = cpu::In<From>(b, 0);
        const From* y = cpu::In<From>(b, 1);
        const To* kept = tail.masked ? cpu::Operand<To>(b, 0) : nullptr;
        To* z = cpu::Out<To>(b, 0);
        cpu::ForRange(pool, count, cpu::kGrain, [=](int64_t begin, int64_t end) {
          cpu::WithBestIsa([=]() SLIMNET_INLINE_BODY {
            Sum(x + begin, y + begin, tail.masked ? kept + begin : nullptr, tail, end - begin, z + begin);
          });
        });
      });
    });
  });
}

std::unique_ptr<Kernel> PrepareAdd(const OpContext& context) {
  if (IsOfOneShape(context)) return PrepareSumOfOneShape(context);
  const auto prepare = [&](const NodeContext& node) {
    return BinaryKernel({node, context.engine}, [](float x, float y) { return x + y; });
  };
  return cpu::IsLowPrecision(context) ? cpu::ViaFloat32(context, prepare) : prepare(context);
}

}  // namespace

constexpr OpEntry kAdd{.reads_low_precision = true, .fuses = FusesBehindAdd, .prepare = PrepareAdd};

}  // namespace slimnet::onednn
