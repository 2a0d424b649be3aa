#include "backends/onednn/pixel_product.h"

#include <algorithm>
#include <array>
#include <utility>

#include "backends/onednn/low_precision_product.h"
#include "backends/onednn/memory_desc.h"

namespace slimnet::onednn {
namespace {

// A filter's gradient is a sum over pixels. Where there are many of them for each channel, packing the filter costs
// nothing beside it, and the convolution's code is quicker: on AVX-512 at 28x28 pixels and 512 channels, not at 14x14
// and 1024.
constexpr int64_t kMostPixelsForAChannel = 4;

bool IsOfPixels(const ConvolutionGeometry& g) {
  const auto none = [](int64_t pad) { return pad == 0; };
  return g.filter[0] == 1 && g.filter[1] == 1 && g.strides == std::array<int64_t, 2>{1, 1} &&
         std::all_of(g.pads.begin(), g.pads.end(), none);
}

int64_t PixelsOf(const ConvolutionGeometry& g) { return g.x[0] * g.x[1] * g.x[2]; }

MemoryDesc Matrix(DType dtype, int64_t rows, int64_t columns) { return RowMajorDesc(dtype, {rows, columns}); }
MemoryDesc Turned(DType dtype, int64_t rows, int64_t columns) {
  return Matrix(dtype, columns, rows).permute_axes({1, 0});
}

struct PixelProduct {
  MemoryDesc from, weights, to;
};

PixelProduct ForData(const OpContext& context, const ConvolutionGeometry& g) {
  const DType dtype = StoredDType(context.input(1));
  const int64_t pixels = PixelsOf(g);
  return {Matrix(dtype, pixels, g.filter[3]), Turned(DType::kFloat32, g.filter[3], g.filter[2]),
          Matrix(StoredDType(context.output(0)), pixels, g.filter[2])};
}

PixelProduct ForFilter(const OpContext& context, const ConvolutionGeometry& g) {
  const int64_t pixels = PixelsOf(g);
  return {Turned(StoredDType(context.input(0)), g.filter[2], pixels),
          Matrix(StoredDType(context.input(1)), pixels, g.filter[3]),
          Matrix(DType::kFloat32, g.filter[2], g.filter[3])};
}

// Null where oneDNN has no code of its own for it.
PreparedPtr Choose(const OpContext& context, const ConvolutionGeometry& geometry, const PixelProduct& product,
                   char kind) {
  Key key(kind);
  geometry.AddTo(key);
  for (const Value* value : {&context.input(0), &context.input(1), &context.output(0)}) {
    key.Add(static_cast<int64_t>(StoredDType(*value)));
  }
  PreparedPtr prepared;
  const Verdict verdict = HasFastKernel([&] {
    prepared = context.engine.Prepare("product of pixels", context, key, [&] {
      return dnnl::matmul::primitive_desc(context.engine.dnnl_engine(), product.from, product.weights, product.to,
                                          BaseAttr());
    });
    return prepared;
  });
  return verdict ? prepared : nullptr;
}

std::unique_ptr<Kernel> Build(const OpContext& context, const PixelProduct& product, const PreparedPtr& prepared,
                              size_t from, size_t weights) {
  PrimitiveSequence sequence(context);
  sequence.Add(prepared, {{DNNL_ARG_SRC, product.from, Source::Input(from)},
                          {DNNL_ARG_WEIGHTS, product.weights, Source::Input(weights)},
                          {DNNL_ARG_DST, product.to, Source::Output(0)}});
  return std::move(sequence).Build();
}

}  // namespace

PreparedPtr PixelProductForData(const OpContext& context, const ConvolutionGeometry& geometry) {
  // In bfloat16 the filter has to be rounded anyway: the convolution does so while it packs it.
  const bool low = context.input(1).encoding || context.output(0).encoding;
  if (low || !IsOfPixels(geometry)) return nullptr;
  return Choose(context, geometry, ForData(context, geometry), 'p');
}

std::unique_ptr<Kernel> PreparePixelProductForData(const OpContext& context, const ConvolutionGeometry& geometry,
                                                   const PreparedPtr& product) {
  return Build(context, ForData(context, geometry), product, 1, 0);
}

PreparedPtr PixelProductForFilter(const OpContext& context, const ConvolutionGeometry& geometry) {
  const int64_t most = kMostPixelsForAChannel * std::max(geometry.filter[2], geometry.filter[3]);
  if (!IsOfPixels(geometry) || PixelsOf(geometry) > most) return nullptr;
  return Choose(context, geometry, ForFilter(context, geometry), 'q');
}

std::unique_ptr<Kernel> PreparePixelProductForFilter(const OpContext& context, const ConvolutionGeometry& geometry,
                                                     const PreparedPtr& product) {
  return Build(context, ForFilter(context, geometry), product, 0, 1);
}

}  // namespace slimnet::onednn
