#include "backends/cudnn/graph/status.h"

#include <algorithm>
#include <array>

namespace slimnet::cudnn {

std::string Explain(const Library& library, abi::Status status) {
  const EntryPoints& cudnn = library.entry_points();
  const char* const name = cudnn.get_error_string(status);
  std::string text = name != nullptr ? name : "status " + std::to_string(status);
  std::array<char, 4096> noted{};
  cudnn.get_last_error_string(noted.data(), noted.size());
  noted.back() = '\0';
  std::string reason = noted.data();
  std::ranges::replace(reason, '\n', ' ');
  while (!reason.empty() && (reason.back() == ' ' || reason.back() == '.')) reason.pop_back();
  if (!reason.empty()) text += " (" + reason + ")";
  return text;
}

}  // namespace slimnet::cudnn
