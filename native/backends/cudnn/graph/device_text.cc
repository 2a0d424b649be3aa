#include "backends/cudnn/graph/device_text.h"

#include <array>

namespace slimnet::cudnn {

std::string_view FieldOf(std::string_view properties, std::string_view name) {
  const std::string quoted = "\"" + std::string(name) + "\"";
  size_t at = properties.find(quoted);
  if (at == std::string_view::npos) return {};
  at = properties.find(':', at + quoted.size());
  if (at == std::string_view::npos) return {};
  at = properties.find_first_not_of(" \t\r\n", at + 1);
  if (at == std::string_view::npos) return {};
  const char first = properties[at];
  const size_t end = first == '['   ? properties.find(']', at)
                     : first == '"' ? properties.find('"', at + 1)
                                    : properties.find_first_of(",} \t\r\n", at);
  if (end == std::string_view::npos) return {};
  return properties.substr(at, end - at + (first == '[' || first == '"' ? 1 : 0));
}

std::string FingerprintOf(size_t cudnn_version, std::string_view properties) {
  static constexpr std::array kFields = {"deviceVer",
                                         "driverVer",
                                         "multiProcessorCount",
                                         "maxGridSize",
                                         "maxBlockSize",
                                         "regsPerBlock",
                                         "maxRegistersPerSM",
                                         "maxSharedMemoryPerBlock",
                                         "maxSharedMemoryPerBlockOptin",
                                         "reservedSharedMemoryPerBlock",
                                         "oversizedSharedMemoryPerBlock",
                                         "maxThreadsPerBlock",
                                         "maxThreadsPerSM",
                                         "warpSize"};
  std::string text = "cudnn " + std::to_string(cudnn_version);
  for (const char* const field : kFields) {
    text += std::string(" ") + field + " ";
    text += FieldOf(properties, field);
  }
  return text;
}

}  // namespace slimnet::cudnn
