// The properties of a device as cuDNN writes them: a flat JSON object.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slimnet::cudnn {

// What stands behind a field's name, as it is written: a number, a list, or a text with its quotes. Empty: no such
// field.
std::string_view FieldOf(std::string_view properties, std::string_view name);

// What a stored plan depends on: cuDNN refuses to load it where one of these differs. Clocks, memory, caches and names
// may differ.
std::string FingerprintOf(size_t cudnn_version, std::string_view properties);

}  // namespace slimnet::cudnn
