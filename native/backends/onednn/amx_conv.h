// Convolutions of low precision by loops of our own (backends/cpu/amx/conv.h) instead of oneDNN's.
#pragma once

#include <memory>

#include "backends/onednn/engine.h"
#include "backends/onednn/layout.h"

namespace slimnet::onednn {

// Whether they take this one. The filter is then to be laid out by AmxFilterLayout.
bool TakesAmxConv(const OpContext& context);

LayoutPtr AmxFilterLayout(const OpContext& context);

// A convolution whose filter has such a layout.
std::unique_ptr<Kernel> PrepareAmxConv(const OpContext& context);

// From a row-major float32 filter into such a layout.
std::unique_ptr<Kernel> PrepareAmxFilter(const OnednnLayout& layout);

}  // namespace slimnet::onednn
