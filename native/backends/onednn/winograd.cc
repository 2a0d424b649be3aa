#include "backends/onednn/winograd.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/winograd.h"
#include "backends/onednn/fused_tail.h"
#include "backends/onednn/kernel_around.h"
#include "backends/onednn/packed_weights.h"

namespace slimnet::onednn {
namespace {

using cpu::kWinogradProducts;
using cpu::kWinogradTile;
using cpu::WinogradShape;
using cpu::WinogradTail;
using cpu::WinogradTiles;

// Fewer tiles than this do not pay for reading a filter that is four times as large.
constexpr int64_t kFewestTiles = 32;
// Transformed tiles that are worked on at once: about what the cores' own caches hold. More where the filter is larger,
// for it is read again for each such block of tiles, but no more than kMostBytes.
constexpr int64_t kBlockBytes = int64_t{4} << 20;
constexpr int64_t kMostBytes = int64_t{16} << 20;

WinogradShape ShapeOf(const OpContext& context) {
  const auto& attrs = std::get<Conv2dAttrs>(context.node.attrs);
  const Shape& x = context.input(0).type.shape;
  const Shape& y = context.output(0).type.shape;
  return {.batch = x[0],
          .height = x[1],
          .width = x[2],
          .in_channels = x[3],
          .out_height = y[1],
          .out_width = y[2],
          .out_channels = y[3],
          .top = attrs.pads[0],
          .left = attrs.pads[2]};
}

// Rows of the products: tiles are cut into equal blocks.
int64_t TilesAtOnce(const WinogradShape& s) {
  const int64_t floats = kWinogradProducts * static_cast<int64_t>(sizeof(float));
  const int64_t filter = floats * s.in_channels * s.out_channels;
  const int64_t row = floats * (s.in_channels + s.out_channels);
  const int64_t most = std::max<int64_t>(std::clamp(filter, kBlockBytes, kMostBytes) / row, 1);
  const int64_t blocks = (s.tiles() + most - 1) / most;
  return (s.tiles() + blocks - 1) / blocks;
}

// The 36 products of one block of tiles.
struct Products {
  MemoryDesc v, u, m;  // u row-major
  PreparedPtr prepared;
};

Products ProductsOf(const OpContext& context) {
  const WinogradShape s = ShapeOf(context);
  const int64_t rows = TilesAtOnce(s);
  const Shape u{kWinogradProducts, s.in_channels, s.out_channels};
  Products products{RowMajorDesc(DType::kFloat32, {kWinogradProducts, rows, s.in_channels}),
                    RowMajorDesc(DType::kFloat32, u),
                    RowMajorDesc(DType::kFloat32, {kWinogradProducts, rows, s.out_channels}), nullptr};
  Key key('w');
  key.Add(rows).AddAll(u);
  products.prepared = context.engine.Prepare("products of a winograd convolution", context, key, [&] {
    const MemoryDesc any(u, DataTypeOf(DType::kFloat32), dnnl::memory::format_tag::any);
    return dnnl::matmul::primitive_desc(context.engine.dnnl_engine(), products.v, any, products.m, BaseAttr());
  });
  return products;
}

WinogradTail::Activation ActivationOf(const Node& node) {
  for (const PostOp& post : node.post_ops) {
    if (post.kind == PostOp::Kind::kRelu) return WinogradTail::Activation::kRelu;
    if (post.kind == PostOp::Kind::kRelu6) return WinogradTail::Activation::kRelu6;
  }
  return WinogradTail::Activation::kNone;
}

size_t Rounded(const MemoryDesc& desc) { return (desc.get_size() + 63) / 64 * 64; }

}  // namespace

bool PrefersWinograd(const OpContext& context) {
  const auto& attrs = std::get<Conv2dAttrs>(context.node.attrs);
  const Shape& filter = context.input(1).type.shape;
  if (context.input(0).type.dtype != DType::kFloat32 || filter[0] != 3 || filter[1] != 3) return false;
  if (attrs.strides != std::array<int64_t, 2>{1, 1} || attrs.dilations != std::array<int64_t, 2>{1, 1}) return false;
  const WinogradShape s = ShapeOf(context);
  if (s.in_channels % cpu::kWinogradChannels != 0 || s.out_channels % cpu::kWinogradChannels != 0) return false;
  if (s.in_channels < 2 * cpu::kWinogradChannels || s.tiles() < kFewestTiles) return false;
  // Tiles that reach far over the edges waste what the transform saves.
  return 2 * s.batch * s.out_height * s.out_width >= s.tiles() * kWinogradTile * kWinogradTile;
}

LayoutPtr WinogradLayout(const OpContext& context) {
  const Products products = ProductsOf(context);
  return std::make_shared<const OnednnLayout>(products.u, products.prepared->weights(), OnednnLayout::Form::kWinograd);
}

std::unique_ptr<Kernel> PrepareWinograd(const OpContext& context) {
  const WinogradShape shape = ShapeOf(context);
  const int64_t rows = TilesAtOnce(shape);
  const Products products = ProductsOf(context);
  const FusedTail tail = TailOf(context);
  const WinogradTail::Activation activation = ActivationOf(context.node);

  const size_t m_offset = Rounded(products.v);
  const size_t own_offset = m_offset + Rounded(products.m);
  const MemoryDesc own = products.prepared->scratchpad();
  PrimitiveStep step{products.prepared,
                     {{DNNL_ARG_SRC, products.v, Source::Scratch(0)},
                      {DNNL_ARG_WEIGHTS, products.prepared->weights(), Source::Input(1)},
                      {DNNL_ARG_DST, products.m, Source::Scratch(m_offset)}}};
  if (own.get_size() > 0) step.arguments.push_back({DNNL_ARG_SCRATCHPAD, own, Source::Scratch(own_offset)});

  return KernelAround(
      context, "winograd_4x4_3x3", std::move(step), own_offset + own.get_size(),
      [=, bias = tail.bias, addend = tail.add](ParallelFor& pool, const Bindings& b, const auto& multiply) {
        const auto operand = [&](const std::optional<size_t>& post) {
          return post ? static_cast<const float*>(b.operands[*post]) : nullptr;
        };
        const WinogradTail after{operand(bias), operand(addend), activation};
        const float* x = cpu::In<float>(b, 0);
        float* y = cpu::Out<float>(b, 0);
        auto* v = static_cast<float*>(b.scratch);
        auto* m = reinterpret_cast<float*>(static_cast<char*>(b.scratch) + m_offset);
        for (int64_t first = 0; first < shape.tiles(); first += rows) {
          const int64_t count = std::min(rows, shape.tiles() - first);
          cpu::ForRange(pool, count, 1, [&](int64_t begin, int64_t end) {
            TransformWinogradInput(shape, {first, rows, first + begin, first + end}, x, v);
          });
          // Rows behind the last tile are multiplied as well, and nobody reads what comes of them.
          multiply();
          cpu::ForRange(pool, count, 1, [&](int64_t begin, int64_t end) {
            TransformWinogradOutput(shape, {first, rows, first + begin, first + end}, m, after, y);
          });
        }
      });
}

std::unique_ptr<Kernel> PrepareWinogradFilter(const OpContext& context, const OnednnLayout& layout) {
  const Shape& filter = context.input(0).type.shape;
  const PreparedPtr reorder = PrepareReorderOf(context, layout.plain(), layout.packed());
  const size_t own_offset = Rounded(layout.plain());
  const MemoryDesc own = reorder->scratchpad();
  PrimitiveStep step{
      reorder,
      {{DNNL_ARG_FROM, layout.plain(), Source::Scratch(0)}, {DNNL_ARG_TO, layout.packed(), Source::Output(0)}}};
  if (own.get_size() > 0) step.arguments.push_back({DNNL_ARG_SCRATCHPAD, own, Source::Scratch(own_offset)});
  return KernelAround(context, "winograd_4x4_3x3", std::move(step), own_offset + own.get_size(),
                      [in = filter[2], out = filter[3]](ParallelFor& pool, const Bindings& b, const auto& reorder_it) {
                        const float* from = cpu::In<float>(b, 0);
                        auto* u = static_cast<float*>(b.scratch);
                        cpu::ForRange(pool, in, 1, [&](int64_t begin, int64_t end) {
                          cpu::TransformWinogradFilter(from, in, out, begin, end, u);
                        });
                        reorder_it();
                      });
}

}  // namespace slimnet::onednn
