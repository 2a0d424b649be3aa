#include <algorithm>
#include <array>
#include <cstring>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/via_float32.h"

namespace slimnet::cpu {
namespace {

constexpr size_t kMaxCropRank = 8;

// What is kept of a tensor, by rows along the last axis.
struct Cropping {
  size_t rank = 0;  // axes before the last
  std::array<int64_t, kMaxCropRank> in{};
  std::array<int64_t, kMaxCropRank> out{};
  std::array<int64_t, kMaxCropRank> before{};

  int64_t SourceRow(int64_t row) const {
    std::array<int64_t, kMaxCropRank> at{};
    for (size_t i = rank; i-- > 0; row /= out[i]) at[i] = row % out[i] + before[i];
    int64_t source = 0;
    for (size_t i = 0; i < rank; ++i) source = source * in[i] + at[i];
    return source;
  }
};

}  // namespace

std::unique_ptr<Kernel> PrepareCrop(const NodeContext& node) {
  if (node.input(0).encoding != node.output(0).encoding) return ViaFloat32(node, PrepareCrop);
  const auto& pads = std::get<CropAttrs>(node.node.attrs).pads;
  const Shape& in = node.input(0).type.shape;
  const Shape& out = node.output(0).type.shape;
  Cropping crop;
  crop.rank = in.empty() ? 0 : in.size() - 1;
  for (size_t i = 0; i < crop.rank; ++i) {
    crop.in[i] = in[i];
    crop.out[i] = out[i];
    crop.before[i] = pads[2 * i];
  }
  const int64_t rows = ElementCount(out) == 0 ? 0 : RowCount(out);
  const size_t bytes = StoredBytes(node.output(0));
  const size_t in_bytes = static_cast<size_t>(RowLength(in)) * bytes;
  const size_t out_bytes = static_cast<size_t>(RowLength(out)) * bytes;
  const size_t offset = in.empty() ? 0 : static_cast<size_t>(pads[2 * crop.rank]) * bytes;
  return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
    const auto* x = In<std::byte>(b, 0) + offset;
    auto* y = Out<std::byte>(b, 0);
    ForRange(pool, rows, RowGrain(static_cast<int64_t>(out_bytes)), [=, &crop](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        std::memcpy(y + static_cast<size_t>(row) * out_bytes, x + static_cast<size_t>(crop.SourceRow(row)) * in_bytes,
                    out_bytes);
      }
    });
  });
}

}  // namespace slimnet::cpu
