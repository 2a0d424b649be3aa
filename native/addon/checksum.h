// Checksums for the checkpoint readers.
#pragma once

#include "addon/js.h"

namespace slimnet {

napi_value Checksum(const js::Arguments& arguments);  // addon.crc32c

}  // namespace slimnet
