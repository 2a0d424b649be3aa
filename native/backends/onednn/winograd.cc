#include "backends/onednn/winograd.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/winograd/transforms.h"
#include "backends/onednn/fused_tail.h"
#include "backends/onednn/kernel_around.h"
#include "backends/onednn/packed_weights.h"

namespace slimnet::onednn {
namespace {

namespace winograd = cpu::winograd;

// Transformed tiles that are worked on at once: about what the cores' own caches hold. More where the filter is larger,
// for it is read again for each such block of tiles, but no more than kMostBytes.
constexpr int64_t kBlockBytes = int64_t{4} << 20;
constexpr int64_t kMostBytes = int64_t{16} << 20;

winograd::Shape ShapeOf(const OpContext& context) {
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
int64_t TilesAtOnce(const winograd::Shape& s) {
  const int64_t floats = winograd::kProducts * static_cast<int64_t>(sizeof(float));
  const int64_t filter = floats * s.in_channels * s.out_channels;
  const int64_t row = floats * (s.in_channels + s.out_channels);
  const int64_t most = std::max<int64_t>(std::clamp(filter, kBlockBytes, kMostBytes) / row, 1);
  const int64_t blocks = (s.tiles() + most - 1) / most;
  return (s.tiles() + blocks - 1) / blocks;
}

// One of the 36 products of a block of tiles, a slice of the channels of it: [rows, slice] x [slice, OC] as a
// convolution of single pixels, for which oneDNN has its fastest code on all processors.
struct Product {
  MemoryDesc v, u, m;  // u row-major
  int slices;
  PreparedPtr first;
  PreparedPtr further;  // adds to what is there; null where there is one slice

  MemoryDesc packed() const { return first->weights(); }
  // Bytes of one product, all slices of it.
  size_t v_bytes() const { return static_cast<size_t>(slices) * v.get_size(); }
  size_t u_bytes() const { return static_cast<size_t>(slices) * packed().get_size(); }
};

Product ProductOf(const OpContext& context) {
  const winograd::Shape s = ShapeOf(context);
  const int64_t rows = TilesAtOnce(s);
  const auto pixels = [&](int64_t channels) { return ImageDesc({DType::kFloat32, {1, 1, rows, channels}}); };
  const TensorType filter{DType::kFloat32, {1, 1, s.slice(), s.out_channels}};
  Product product{.v = pixels(s.slice()),
                  .u = FilterDesc(filter),
                  .m = pixels(s.out_channels),
                  .slices = static_cast<int>(s.in_channels / s.slice()),
                  .first = nullptr,
                  .further = nullptr};
  const auto prepare = [&](bool adds, const MemoryDesc& weights) {
    Key key('w');
    key.Add(rows).Add(adds ? 1 : 0).AddAll(filter.shape);
    return context.engine.Prepare("product of a winograd convolution", context, key, [&] {
      dnnl::primitive_attr attributes = BaseAttr();
      if (adds) {
        dnnl::post_ops sum;
        sum.append_sum();
        attributes.set_post_ops(sum);
      }
      return dnnl::convolution_forward::primitive_desc(context.engine.dnnl_engine(), dnnl::prop_kind::forward_inference,
                                                       dnnl::algorithm::convolution_direct, product.v, weights,
                                                       product.m, {1, 1}, {0, 0}, {0, 0}, attributes);
    });
  };
  product.first = prepare(false, FilterDescAny(filter));
  if (product.slices > 1) product.further = prepare(true, product.packed());
  return product;
}

winograd::Tail::Activation ActivationOf(const Node& node) {
  for (const PostOp& post : node.post_ops) {
    if (post.kind == PostOp::Kind::kRelu) return winograd::Tail::Activation::kRelu;
    if (post.kind == PostOp::Kind::kRelu6) return winograd::Tail::Activation::kRelu6;
  }
  return winograd::Tail::Activation::kNone;
}

}  // namespace

bool PrefersWinograd(const OpContext& context, int64_t fewest_tiles) {
  const auto& attrs = std::get<Conv2dAttrs>(context.node.attrs);
  const Shape& filter = context.input(1).type.shape;
  if (StoredDType(context.input(0)) != DType::kFloat32 || StoredDType(context.output(0)) != DType::kFloat32)
    return false;
  if (filter[0] != 3 || filter[1] != 3) return false;
  if (attrs.strides != std::array<int64_t, 2>{1, 1} || attrs.dilations != std::array<int64_t, 2>{1, 1}) return false;
  const winograd::Shape s = ShapeOf(context);
  if (s.in_channels % winograd::kChannels != 0 || s.out_channels % winograd::kChannels != 0) return false;
  if (s.in_channels < 2 * winograd::kChannels || s.tiles() < fewest_tiles) return false;
  // Tiles that reach far over the edges waste what the transform saves.
  return 2 * s.batch * s.out_height * s.out_width >= s.tiles() * winograd::kTile * winograd::kTile;
}

LayoutPtr WinogradLayout(const OpContext& context) {
  const Product product = ProductOf(context);
  return std::make_shared<const OnednnLayout>(product.u, product.packed(), OnednnLayout::Form::kWinograd,
                                              static_cast<size_t>(product.slices) * winograd::kProducts);
}

std::unique_ptr<Kernel> PrepareWinograd(const OpContext& context) {
  const winograd::Shape shape = ShapeOf(context);
  const int64_t rows = TilesAtOnce(shape);
  const Product product = ProductOf(context);
  const FusedTail tail = TailOf(context);
  const winograd::Tail::Activation activation = ActivationOf(context.node);

  const size_t m_offset = winograd::kProducts * product.v_bytes();
  const size_t own_offset = cpu::AlignedSize(m_offset + winograd::kProducts * product.m.get_size());
  size_t own_bytes = 0;
  for (const PreparedPtr& prepared : {product.first, product.further}) {
    if (prepared) own_bytes = std::max(own_bytes, cpu::AlignedSize(prepared->scratchpad().get_size()));
  }
  std::vector<PrimitiveStep> steps;
  for (size_t i = 0; i < static_cast<size_t>(product.slices); ++i) {
    const PreparedPtr& prepared = i == 0 ? product.first : product.further;
    const MemoryDesc packed = product.packed();
    PrimitiveStep step{prepared,
                       {{DNNL_ARG_SRC, product.v, Source::Scratch(i * product.v.get_size()), product.v_bytes()},
                        {DNNL_ARG_WEIGHTS, packed, Source::Input(1, i * packed.get_size()), product.u_bytes()},
                        {DNNL_ARG_DST, product.m, Source::Scratch(m_offset), product.m.get_size()}}};
    const MemoryDesc own = prepared->scratchpad();
    if (own.get_size() > 0) {
      step.arguments.push_back({DNNL_ARG_SCRATCHPAD, own, Source::Scratch(own_offset), own_bytes});
    }
    steps.push_back(std::move(step));
  }

  return KernelAround(
      context, "winograd_4x4_3x3", std::move(steps), winograd::kProducts, own_offset + winograd::kProducts * own_bytes,
      [=, bias = tail.bias, addend = tail.add](ParallelFor& pool, const Bindings& b, const auto& multiply) {
        const auto operand = [&](const std::optional<size_t>& post) {
          return post ? cpu::Operand<float>(b, *post) : nullptr;
        };
        const winograd::Tail after{operand(bias), operand(addend), activation};
        const float* x = cpu::In<float>(b, 0);
        float* y = cpu::Out<float>(b, 0);
        auto* v = cpu::Scratch<float>(b);
        auto* m = cpu::Scratch<float>(b, m_offset);
        for (int64_t first = 0; first < shape.tiles(); first += rows) {
          const int64_t count = std::min(rows, shape.tiles() - first);
          cpu::ForRange(pool, count, 1, [&](int64_t begin, int64_t end) {
            winograd::TransformInput(shape, {first, rows, first + begin, first + end}, x, v);
          });
          // Rows behind the last tile are multiplied as well, and nobody reads what comes of them.
          multiply();
          cpu::ForRange(pool, count, 1, [&](int64_t begin, int64_t end) {
            winograd::TransformOutput(shape, {first, rows, first + begin, first + end}, m, after, y);
          });
        }
      });
}

std::unique_ptr<Kernel> PrepareWinogradFilter(const OpContext& context, const OnednnLayout& layout) {
  const Shape& filter = context.input(0).type.shape;
  const PreparedPtr reorder = PrepareReorderOf(context, layout.plain(), layout.packed());
  const size_t plain = layout.plain().get_size();
  const auto count = static_cast<int>(layout.bytes() / layout.packed().get_size());  // of slices, of all products
  const size_t own_offset = cpu::AlignedSize(static_cast<size_t>(count) * plain);
  const MemoryDesc own = reorder->scratchpad();
  const size_t own_bytes = cpu::AlignedSize(own.get_size());
  PrimitiveStep step{reorder,
                     {{DNNL_ARG_FROM, layout.plain(), Source::Scratch(0), plain},
                      {DNNL_ARG_TO, layout.packed(), Source::Output(0), layout.packed().get_size()}}};
  if (own_bytes > 0) step.arguments.push_back({DNNL_ARG_SCRATCHPAD, own, Source::Scratch(own_offset), own_bytes});
  return KernelAround(
      context, "winograd_4x4_3x3", {std::move(step)}, count, own_offset + static_cast<size_t>(count) * own_bytes,
      [in = filter[2], out = filter[3]](ParallelFor& pool, const Bindings& b, const auto& reorder_all) {
        const float* from = cpu::In<float>(b, 0);
        auto* u = cpu::Scratch<float>(b);
        cpu::ForRange(pool, in, 1,
                      [&](int64_t begin, int64_t end) { winograd::TransformFilter(from, in, out, begin, end, u); });
        reorder_all();
      });
}

}  // namespace slimnet::onednn
