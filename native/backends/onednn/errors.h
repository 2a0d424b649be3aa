// oneDNN's status codes as errors of ours.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string_view>

#include "backend/backend.h"
#include "base/error.h"

namespace slimnet::onednn {

// The error for a status other than success; `what` is the primitive, e.g. "convolution".
Error ToError(dnnl_status_t status, std::string_view what, const NodeContext& node);

// Runs `make` and turns oneDNN's exceptions into errors that name the primitive, the op and the node.
template <class Make>
auto Guarded(std::string_view what, const NodeContext& node, const Make& make) {
  try {
    return make();
  } catch (const dnnl::error& error) {
    throw ToError(error.status, what, node);
  }
}

}  // namespace slimnet::onednn
