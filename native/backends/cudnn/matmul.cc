// Product of a matrix, or a stack of them, with a matrix, and its fused tail. As a convolution with one tap where cuDNN
// has better engines for those: in float32, as its products of matrices cut that to TF32, and from bfloat16 to
// bfloat16, as those are compiled when a plan is made.
#include "backends/cudnn/filter_layout.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/packed_filter.h"
#include "backends/cudnn/plan_step.h"
#include "backends/cudnn/stored.h"
#include "backends/cudnn/tail.h"

namespace slimnet::cudnn {
namespace {

bool MultipliesNothing(const OpContext& context) { return IsEmpty(context.input(0)) || IsEmpty(context.input(1)); }

bool IsConvolution(const OpContext& context) {
  const DType stored = StoredDType(context.input(0));
  return stored == DType::kFloat32 || (stored == DType::kBFloat16 && StoredDType(context.output(0)) == stored);
}

FilterLayout MatrixFilter(const OpContext& context) {
  const Shape& matrix = context.input(1).type.shape;
  return {matrix, StoredDType(context.input(0)), matrix[0]};
}

Verdict SupportsMatmul(const OpContext& context) {
  if (MultipliesNothing(context) || !IsLowPrecision(context)) return Verdict::Yes();
  return SupportsFactor(StoredDType(context.input(0)));
}

Verdict FusesBehindMatmul(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (MultipliesNothing(context)) return Verdict::No("of empty inputs there are zeros, which absorb nothing");
  return FusesTail(context, before, next);
}

LayoutPtr PreferMatmul(const OpContext& context, size_t input) {
  if (MultipliesNothing(context)) return nullptr;
  const size_t inputs = context.node.inputs.size();
  if (input >= inputs) return IsConvolution(context) ? TailOperandLayout(context, input - inputs) : nullptr;
  if (input != 1) return nullptr;
  return std::make_shared<FilterLayout>(MatrixFilter(context));
}

std::unique_ptr<Kernel> PrepareMatmul(const OpContext& context) {
  if (MultipliesNothing(context)) return ZerosOf(context);
  const PackedFilter filter(context, 1, MatrixFilter(context));
  const DType stored = StoredDType(context.input(0));
  const int64_t inner = filter.layout().inputs();
  const int64_t columns = filter.layout().outputs();
  const int64_t rows = ElementCount(context.input(0).type.shape) / inner;
  Graph graph;
  std::vector<PlacedTensor> placed;
  Tensor z;
  if (IsConvolution(context)) {
    const Tensor x = graph.Stored(stored, {rows, inner, 1, 1});
    const Tensor w = graph.Stored(stored, filter.layout().extents());
    placed = {{x, TensorPlace::Input(0)}, {w, filter.place()}};
    z = graph.Convolution(x, w, {});
  } else {
    const Tensor x = graph.Stored(stored, {1, rows, inner});
    // It lies transposed.
    const Tensor w = graph.Stored(stored, {1, inner, columns}, {inner * columns, 1, inner});
    placed = {{x, TensorPlace::Input(0)}, {w, filter.place()}};
    z = graph.Matmul(x, w);
  }
  AddTail(graph, context, ProductsOf(graph, context, filter, z, placed), placed);
  return filter.KernelWith(PlanStep(context, graph, std::move(placed)));
}

}  // namespace

constexpr OpEntry kMatmul{.reads_low_precision = true,
                          .supports = SupportsMatmul,
                          .fuses = FusesBehindMatmul,
                          .prefers = PreferMatmul,
                          .prepare = PrepareMatmul};

}  // namespace slimnet::cudnn
