// Shapes for which convolutions of oneDNN 3.7.2 are wrong, and how they are kept from the code that is wrong for them.
// What is known of each stands in upstream_defects.cc.
#pragma once

#include <string_view>

#include "backends/onednn/convolution_geometry.h"

namespace slimnet::onednn {

// A convolution over brgemm; `adds`: to what stands in the result's memory.
bool MisleadsBrgemm(const ConvolutionGeometry& geometry, bool adds, bool low_precision);

// The gradient of a filter of one pixel by the code for such filters, jit_1x1.
bool Misleads1x1BackwardFilter(const ConvolutionGeometry& geometry);

// The next implementation whose name does not hold `part`, the last one where all do.
template <class PrimitiveDesc>
void AvoidImplementation(PrimitiveDesc& desc, std::string_view part) {
  while (std::string_view(desc.impl_info_str()).find(part) != std::string_view::npos && desc.next_impl()) {
  }
}

}  // namespace slimnet::onednn
