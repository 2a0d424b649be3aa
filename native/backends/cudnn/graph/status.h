// What cuDNN says when it refuses.
#pragma once

#include <string>

#include "backends/cudnn/graph/cudnn_abi.h"
#include "backends/cudnn/graph/library.h"

namespace slimnet::cudnn {

// "CUDNN_STATUS_NOT_SUPPORTED_SHAPE", with the reason that cuDNN noted where it noted one. That can be the text of an
// earlier refusal on the same thread, so the status comes first.
std::string Explain(const Library& library, abi::Status status);

}  // namespace slimnet::cudnn
