#include "native/devices/cudnn_software/interpreter/soft_graph.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace slimnet::testing {
namespace {

using Json = nlohmann::json;

[[noreturn]] void RefusePlan(const std::string& what) {
  throw Error(ErrorCode::kInternal, "The interpreter of cuDNN's plans does not understand one: " + what + ".");
}

DType TypeNamed(const std::string& name) {
  static const std::map<std::string, DType> kTypes = {
      {"CUDNN_DATA_FLOAT", DType::kFloat32}, {"CUDNN_DATA_BFLOAT16", DType::kBFloat16},
      {"CUDNN_DATA_HALF", DType::kFloat16},  {"CUDNN_DATA_INT8", DType::kInt8},
      {"CUDNN_DATA_INT32", DType::kInt32},   {"CUDNN_DATA_INT64", DType::kInt64},
      {"CUDNN_DATA_UINT8", DType::kUInt8},   {"CUDNN_DATA_BOOLEAN", DType::kBool}};
  const auto found = kTypes.find(name);
  if (found == kTypes.end()) RefusePlan("it has a tensor of type " + name);
  return found->second;
}

int64_t IdOf(const std::string& name) {
  // Tensors are named by their unique ids.
  if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos || name.size() > 18) {
    RefusePlan("a tensor is named \"" + name + "\", which is no unique id");
  }
  return std::stoll(name);
}

template <class Map>
const auto& Found(const Map& map, const std::string& operation, const std::string& field) {
  const auto found = map.find(field);
  if (found == map.end()) RefusePlan(operation + " has no " + field + " of the kind that was expected");
  return found->second;
}

}  // namespace

bool SoftNode::Has(const std::string& field) const {
  return texts_.contains(field) || numbers_.contains(field) || lists_.contains(field);
}

int64_t SoftNode::Port(const std::string& name) const { return IdOf(Text(name)); }

const std::string& SoftNode::Text(const std::string& name) const { return Found(texts_, operation_, name); }

std::string SoftNode::Text(const std::string& name, const std::string& prefix) const {
  const std::string& text = Text(name);
  if (!text.starts_with(prefix)) RefusePlan(operation_ + " has the " + name + " " + text);
  return text.substr(prefix.size());
}

double SoftNode::Number(const std::string& name) const { return Found(numbers_, operation_, name); }

const std::vector<int64_t>& SoftNode::Numbers(const std::string& name) const { return Found(lists_, operation_, name); }

class SoftGraphReader {
 public:
  static SoftGraph Read(const Json& plan) {
    const Json& graph = plan.at("operationGraph");
    SoftGraph result;
    for (const Json& tensor : graph.at("tensors")) {
      SoftTensor read;
      read.id = IdOf(tensor.at("name").get<std::string>());
      read.type = TypeNamed(tensor.at("dataType").get<std::string>());
      read.is_virtual = tensor.at("isVirtual").get<bool>();
      read.by_value = tensor.at("isByValue").get<bool>();
      read.extents = tensor.at("dim").get<std::vector<int64_t>>();
      read.strides = tensor.at("stride").get<std::vector<int64_t>>();
      if (read.extents.empty() || read.extents.size() != read.strides.size()) RefusePlan("a tensor has no extents");
      if (tensor.at("vectCount").get<int64_t>() != 1) RefusePlan("a tensor holds vectors");
      const int64_t id = read.id;
      if (!result.tensors.emplace(id, std::move(read)).second) RefusePlan("two tensors have one unique id");
    }
    for (const Json& node : graph.at("nodes")) result.nodes.push_back(ReadNode(node));
    return result;
  }

 private:
  static SoftNode ReadNode(const Json& node) {
    SoftNode result;
    const std::string name = node.at("operation").get<std::string>();
    const std::string prefix = "CUDNN_BACKEND_OPERATION_", suffix = "_DESCRIPTOR";
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) RefusePlan("it has the operation " + name);
    result.operation_ = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    for (const auto& [field, value] : node.items()) {
      if (value.is_string()) result.texts_[field] = value.get<std::string>();
      if (value.is_boolean()) result.numbers_[field] = value.get<bool>() ? 1 : 0;
      if (value.is_number()) result.numbers_[field] = value.get<double>();
      if (value.is_array()) result.lists_[field] = ReadList(value);
    }
    return result;
  }

  static std::vector<int64_t> ReadList(const Json& list) {
    std::vector<int64_t> result;
    for (const Json& item : list) {
      if (!item.is_array()) {
        result.push_back(item.get<int64_t>());
        continue;
      }
      const auto fraction = item.get<std::vector<int64_t>>();
      if (fraction.size() != 2 || fraction[1] == 0 || fraction[0] % fraction[1] != 0) {
        RefusePlan("a fraction is no whole number");
      }
      result.push_back(fraction[0] / fraction[1]);
    }
    return result;
  }
};

SoftGraph ReadSoftGraph(const std::string& plan_json) {
  try {
    return SoftGraphReader::Read(Json::parse(plan_json));
  } catch (const Json::exception& error) {
    RefusePlan(error.what());
  }
}

}  // namespace slimnet::testing
