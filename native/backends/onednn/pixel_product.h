// Convolutions of single pixels on the way back as what they are: products of matrices, whose filter is read and
// written row-major. A step of training changes its filters, so what a convolution packs, it packs in each step.
#pragma once

#include "backends/onednn/convolution_geometry.h"
#include "backends/onednn/primitive_kernel.h"

namespace slimnet::onednn {

// dx [pixels,C] = dy [pixels,O] x filter [C,O] turned. Null where the convolution is none of single pixels, or where
// oneDNN has no code of its own for the product, or is quicker with the convolution.
PreparedPtr PixelProductForData(const OpContext& context, const ConvolutionGeometry& geometry);
std::unique_ptr<Kernel> PreparePixelProductForData(const OpContext& context, const ConvolutionGeometry& geometry,
                                                   const PreparedPtr& product);

// dfilter [C,O] = x [pixels,C] turned x dy [pixels,O].
PreparedPtr PixelProductForFilter(const OpContext& context, const ConvolutionGeometry& geometry);
std::unique_ptr<Kernel> PreparePixelProductForFilter(const OpContext& context, const ConvolutionGeometry& geometry,
                                                     const PreparedPtr& product);

}  // namespace slimnet::onednn
