// From one way of storing a float32 tensor to another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "backend/backend.h"

namespace slimnet::cpu {

// Elements [begin, end) of `from` into `to`.
using Conversion = std::function<void(const void* from, void* to, int64_t begin, int64_t end)>;
Conversion ConversionOf(const Value& from, const Value& to);

}  // namespace slimnet::cpu
