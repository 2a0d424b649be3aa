// The cuDNN that tests use: the pinned one, opened on a machine that need not have a device.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "backends/cudnn/graph/library.h"

namespace slimnet::testing {

// Its file; empty where it cannot be had.
std::filesystem::path PinnedCudnnFile();
// Where the libraries lie that take the place of CUDA's.
std::filesystem::path StandInFolder();

// Whether there is one; otherwise why not.
Verdict HasPinnedCudnn();

// Opens stand-ins for the driver and the runtime compiler, which cuDNN then finds by their names.
void OpenStandIns();

// Opens it, behind the stand-ins. Error{kBackend} with the reason of HasPinnedCudnn.
std::shared_ptr<const cudnn::Library> OpenPinnedCudnn();

// cuDNN's text of an NVIDIA H200, for plans that are made without a device.
const std::string& H200();

}  // namespace slimnet::testing
