#include "backend/backend.h"

namespace slimnet {

std::vector<std::string> OpsLeftOut(const Backend& backend) {
  std::vector<std::string> left_out;
  for (size_t i = 0; i < kOps.size(); ++i) {
    const bool computed = !kOps[i].source && kOps[i].view != View::kMoving;
    if (computed && !backend.Has(static_cast<OpKind>(i))) left_out.emplace_back(kOps[i].name);
  }
  return left_out;
}

}  // namespace slimnet
