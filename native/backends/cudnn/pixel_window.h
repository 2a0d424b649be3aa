// The windows of poolings and convolutions as own kernels take them.
#pragma once

#include <array>

#include "backends/cudnn/kernels/window.h"
#include "ir/program.h"

namespace slimnet::cudnn {

// `in` and `out` are the shapes of the image and of what the window makes of it; `attrs` has strides and pads.
template <class Attrs>
PixelWindow PixelWindowOf(const Shape& in, const Shape& out, const Attrs& attrs, std::array<int64_t, 2> size,
                          std::array<int64_t, 2> dilations = {1, 1}) {
  return {{in[1], out[1], size[0], Divider(attrs.strides[0]), dilations[0], attrs.pads[0]},
          {in[2], out[2], size[1], Divider(attrs.strides[1]), dilations[1], attrs.pads[2]},
          in[0],
          in[3]};
}

}  // namespace slimnet::cudnn
