// A convolution's sizes, as oneDNN gets them on the way there and back.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "backends/onednn/engine.h"
#include "backends/onednn/memory_desc.h"

namespace slimnet::onednn {

struct ConvolutionGeometry {
  Shape x;       // [N,H,W,C]
  Shape filter;  // [kh,kw,C,O]
  Shape y;       // [N,H',W',O]
  std::array<int64_t, 2> strides;
  std::array<int64_t, 2> dilations;
  std::array<int64_t, 4> pads;  // top, bottom, left, right

  // A single step along an axis has no stride.
  template <class Attrs>
  ConvolutionGeometry(const Attrs& attrs, Shape image, Shape taps, Shape result)
      : x(std::move(image)),
        filter(std::move(taps)),
        y(std::move(result)),
        strides(attrs.strides),
        dilations(attrs.dilations),
        pads(attrs.pads) {
    for (size_t axis = 0; axis < 2; ++axis) {
      const int64_t reach = (filter[axis] - 1) * dilations[axis] + 1;
      const int64_t after = reach - x[axis + 1] - pads[2 * axis];
      if (y[axis + 1] != 1 || after < 0) continue;
      strides[axis] = 1;
      pads[2 * axis + 1] = after;
    }
  }

  dnnl::memory::dims Strides() const { return {strides[0], strides[1]}; }
  // oneDNN counts the pixels that are left out between two taps.
  dnnl::memory::dims Dilates() const { return {dilations[0] - 1, dilations[1] - 1}; }
  dnnl::memory::dims Before() const { return {pads[0], pads[2]}; }
  dnnl::memory::dims After() const { return {pads[1], pads[3]}; }

  void AddTo(Key& key) const { key.AddAll(x).AddAll(filter).AddAll(y).AddAll(strides).AddAll(dilations).AddAll(pads); }
};

// The way there, which oneDNN asks for to describe a way back: everything of one dtype, images channels-last.
inline dnnl::convolution_forward::primitive_desc DescribeForward(const Engine& engine,
                                                                 const ConvolutionGeometry& geometry, DType dtype) {
  return {engine.dnnl_engine(),
          dnnl::prop_kind::forward_training,
          dnnl::algorithm::convolution_direct,
          ImageDesc({dtype, geometry.x}),
          FilterDescAny({dtype, geometry.filter}),
          MemoryDesc(),
          ImageDesc({dtype, geometry.y}),
          geometry.Strides(),
          geometry.Dilates(),
          geometry.Before(),
          geometry.After(),
          BaseAttr()};
}

}  // namespace slimnet::onednn
