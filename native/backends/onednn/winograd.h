// 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3), where it is faster than oneDNN's own: see
// docs/performance.md.
#pragma once

#include <memory>

#include "backends/onednn/layout.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

// Fewer tiles than this do not pay for a filter that is four times as large: to read, to make and to keep.
inline constexpr int64_t kFewestTiles = 32;

// Whether a convolution is better computed so. Depends on sizes and attributes alone.
bool PrefersWinograd(const OpContext& context, int64_t fewest_tiles = kFewestTiles);

// The layout of its filter: transformed, then ordered as the products want it.
LayoutPtr WinogradLayout(const OpContext& context);

// For a node whose filter has that layout.
std::unique_ptr<Kernel> PrepareWinograd(const OpContext& context);

// The step that brings a plain filter (input 0) into that layout (output 0).
std::unique_ptr<Kernel> PrepareWinogradFilter(const OpContext& context, const OnednnLayout& layout);

}  // namespace slimnet::onednn
