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

constexpr size_t kMaxPadRank = 8;

struct Padding {
  size_t rank = 0;  // axes before the last
  std::array<int64_t, kMaxPadRank> out{};
  std::array<int64_t, kMaxPadRank> in{};
  std::array<int64_t, kMaxPadRank> before{};
  int64_t row_out = 1;  // elements of the last axis
  int64_t row_in = 1;
  int64_t row_before = 0;
  size_t bytes = 1;  // an element

  // The input row that becomes output row `row`, or -1 for a row of zeros.
  int64_t SourceRow(int64_t row) const {
    std::array<int64_t, kMaxPadRank> at{};
    for (size_t i = rank; i-- > 0; row /= out[i]) at[i] = row % out[i] - before[i];
    int64_t source = 0;
    for (size_t i = 0; i < rank; ++i) {
      if (at[i] < 0 || at[i] >= in[i]) return -1;
      source = source * in[i] + at[i];
    }
    return source;
  }
};

Padding DescribePadding(const NodeContext& node) {
  const auto& pads = std::get<PadAttrs>(node.node.attrs).pads;
  const Shape& in = node.input(0).type.shape;
  const Shape& out = node.output(0).type.shape;
  Padding p;
  p.bytes = StoredBytes(node.output(0));
  if (in.empty()) return p;
  p.rank = in.size() - 1;
  std::copy_n(in.begin(), p.rank, p.in.begin());
  std::copy_n(out.begin(), p.rank, p.out.begin());
  for (size_t i = 0; i < p.rank; ++i) p.before[i] = pads[2 * i];
  p.row_in = in.back();
  p.row_out = out.back();
  p.row_before = pads[2 * p.rank];
  return p;
}

}  // namespace

std::unique_ptr<Kernel> PreparePad(const NodeContext& node) {
  if (node.input(0).encoding != node.output(0).encoding) return ViaFloat32(node, PreparePad);
  const Padding p = DescribePadding(node);
  const int64_t rows = RowCount(node.output(0).type.shape);
  const size_t row_bytes = static_cast<size_t>(p.row_out) * p.bytes;
  const size_t kept_bytes = static_cast<size_t>(p.row_in) * p.bytes;
  const size_t offset = static_cast<size_t>(p.row_before) * p.bytes;
  if (row_bytes == 0) return KernelOf("none", [](ParallelFor&, const Bindings&) {});
  return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
    const auto* x = In<std::byte>(b, 0);
    auto* y = Out<std::byte>(b, 0);
    ForRange(pool, rows, RowGrain(p.row_out), [=, &p](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        std::byte* to = y + static_cast<size_t>(row) * row_bytes;
        const int64_t source = p.SourceRow(row);
        if (source < 0 || kept_bytes < row_bytes) std::memset(to, 0, row_bytes);
        if (source >= 0 && kept_bytes > 0) {
          std::memcpy(to + offset, x + static_cast<size_t>(source) * kept_bytes, kept_bytes);
        }
      }
    });
  });
}

}  // namespace slimnet::cpu
