// What the two poolings share.
#pragma once

#include "backends/cudnn/graph/graph.h"

namespace slimnet::cudnn {

template <class Attrs>
Window PoolingWindow(const Attrs& attrs) {
  return {.before = {attrs.pads[0], attrs.pads[2]},
          .after = {attrs.pads[1], attrs.pads[3]},
          .strides = attrs.strides,
          .size = attrs.ksize};
}

}  // namespace slimnet::cudnn
