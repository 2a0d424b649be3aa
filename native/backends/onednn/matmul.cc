// Product of a matrix, or a stack of them, with a matrix, and its fused tail.
#include "backends/cpu/encoded.h"
#include "backends/onednn/empty.h"
#include "backends/onednn/fused_tail.h"
#include "backends/onednn/low_precision_product.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/packed_weights.h"

namespace slimnet::onednn {
namespace {

struct Descs {
  MemoryDesc x, y, z, bias;
};

// x [..., K] is one matrix with a row for each vector.
Descs DescsOf(const OpContext& context) {
  const TensorType& x = context.input(0).type;
  const TensorType& y = context.input(1).type;
  const TensorType& z = context.output(0).type;
  return {RowMajorDesc(StoredDType(context.input(0)), {RowsOf(x), x.shape.back()}), RowMajorDesc(y.dtype, y.shape),
          RowMajorDesc(StoredDType(context.output(0)), {RowsOf(z), z.shape.back()}),
          RowMajorDesc(DType::kFloat32, {1, z.shape.back()})};
}

PreparedPtr Choose(const OpContext& context, const Descs& descs) {
  const TensorType& x = context.input(0).type;
  const TensorType& y = context.input(1).type;
  Key key('m');
  key.Add(RowsOf(x)).AddAll(y.shape);
  AddStorage(key, context);
  AddTail(key, context);
  return context.engine.Prepare("matmul", context, key, [&] {
    FusedTail tail = TailOf(context);
    SetScales(tail.attr, context, 1);
    const MemoryDesc any(y.shape, DataTypeOf(FilterDType(context)), dnnl::memory::format_tag::any);
    return dnnl::matmul::primitive_desc(context.engine.dnnl_engine(), descs.x, any,
                                        tail.bias ? descs.bias : MemoryDesc(), descs.z, tail.attr);
  });
}

LayoutPtr PreferMatmul(const OpContext& context, size_t input) {
  if (input != 1 || SumsNothing(context)) return nullptr;
  const Descs descs = DescsOf(context);
  const MemoryDesc packed = Choose(context, descs)->weights();
  if (ReadsQuantized(context)) {
    return QuantizedFilterLayout(context, RowMajorDesc(DType::kInt8, context.input(1).type.shape), packed);
  }
  return WeightsLayout(descs.y, packed);
}

Verdict SupportsMatmul(const OpContext& context) {
  if (SumsNothing(context)) return Verdict::Yes();
  if (!cpu::IsLowPrecision(context) || HasNothingToDo(context)) return Verdict::Yes();
  if (cpu::LowersPrecision(context)) return Verdict::No("oneDNN writes low precision where it reads them");
  return HasFastKernel([&] { return Choose(context, DescsOf(context)); });
}

std::unique_ptr<Kernel> PrepareMatmul(const OpContext& context) {
  if (SumsNothing(context)) return Zeros(context);
  const Descs descs = DescsOf(context);
  const PreparedPtr product = Choose(context, descs);
  const FusedTail tail = TailOf(context);

  PrimitiveSequence sequence(context);
  std::vector<Argument> arguments{{DNNL_ARG_SRC, descs.x, Source::Input(0)},
                                  WeightsArgument(context, 1, descs.y, product->weights(), sequence),
                                  {DNNL_ARG_DST, descs.z, Source::Output(0)}};
  if (tail.bias) arguments.push_back({DNNL_ARG_BIAS, descs.bias, Source::Operand(*tail.bias)});
  AddScales(arguments, context);
  if (tail.add) sequence.AccumulateInto(*tail.add);
  sequence.Add(product, std::move(arguments));
  return std::move(sequence).Build();
}

}  // namespace

constexpr OpEntry kMatmul{.reads_low_precision = true,
                          .supports = SupportsMatmul,
                          .fuses = FusesTail,
                          .prefers = PreferMatmul,
                          .prepare = PrepareMatmul};

}  // namespace slimnet::onednn
