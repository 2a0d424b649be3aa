#include "ir/precision.h"

#include <algorithm>

#include "ir/text.h"

namespace slimnet {

std::string ToString(const Encoding& encoding) {
  const std::string name(Name(encoding.dtype));
  return encoding.dtype == DType::kBFloat16 ? name : name + "*" + NumberText(encoding.step);
}

bool PrecisionRequest::KeepsFloat32(std::string_view node) const {
  return std::any_of(keep_float32.begin(), keep_float32.end(), [&](const std::string& name) {
    return node.starts_with(name) && (node.size() == name.size() || node[name.size()] == '/');
  });
}

}  // namespace slimnet
