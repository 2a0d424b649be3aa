#include "native/cudnn/plan_case.h"

#include <cstring>

#include "base/half.h"
#include "native/devices/cudnn_software/interpreter/soft_runner.h"

namespace slimnet::cudnn::testing {
namespace {

template <class T, class Convert>
std::vector<std::byte> Packed(const std::vector<double>& numbers, Convert convert) {
  std::vector<std::byte> bytes(numbers.size() * sizeof(T));
  for (size_t i = 0; i < numbers.size(); ++i) {
    const T value = convert(numbers[i]);
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

template <class T, class Convert>
std::vector<double> Unpacked(const std::vector<std::byte>& bytes, Convert convert) {
  std::vector<double> numbers(bytes.size() / sizeof(T));
  for (size_t i = 0; i < numbers.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    numbers[i] = convert(value);
  }
  return numbers;
}

template <class T>
T Cast(double number) {
  return static_cast<T>(number);
}

}  // namespace

const Plans& PinnedPlans() {
  static const Plans plans(slimnet::testing::OpenPinnedCudnn(), {nullptr, slimnet::testing::H200()});
  return plans;
}

double Element(int64_t place, int64_t seed, double scale) {
  return static_cast<double>((place * 7919 + seed * 104729) % 33 - 16) * scale;
}

std::vector<std::byte> BytesFrom(DType type, const std::vector<double>& numbers) {
  switch (type) {
    case DType::kFloat32:
      return Packed<float>(numbers, Cast<float>);
    case DType::kBFloat16:
      return Packed<BFloat16>(numbers, [](double number) { return ToBFloat16(static_cast<float>(number)); });
    case DType::kInt8:
      return Packed<int8_t>(numbers, Cast<int8_t>);
    case DType::kInt32:
      return Packed<int32_t>(numbers, Cast<int32_t>);
    case DType::kInt64:
      return Packed<int64_t>(numbers, Cast<int64_t>);
    default:
      ADD_FAILURE() << "no values of " << Name(type);
      return {};
  }
}

std::vector<double> NumbersFrom(DType type, const std::vector<std::byte>& bytes) {
  switch (type) {
    case DType::kFloat32:
      return Unpacked<float>(bytes, [](float value) { return double{value}; });
    case DType::kBFloat16:
      return Unpacked<BFloat16>(bytes, [](BFloat16 value) { return double{ToFloat(value)}; });
    case DType::kInt8:
      return Unpacked<int8_t>(bytes, [](int8_t value) { return double(value); });
    case DType::kInt32:
      return Unpacked<int32_t>(bytes, [](int32_t value) { return double(value); });
    case DType::kBool:
      return Unpacked<uint8_t>(bytes, [](uint8_t value) { return double(value); });
    default:
      ADD_FAILURE() << "no values of " << Name(type);
      return {};
  }
}

void PlanCase::Hold(Tensor tensor, const std::vector<std::byte>& bytes, bool by_value) {
  Block& block = blocks_[tensor.id];
  block.memory.resize(bytes.size() / sizeof(std::max_align_t) + 1);
  block.bytes = bytes.size();
  block.by_value = by_value;
  std::memcpy(block.memory.data(), bytes.data(), bytes.size());
}

Tensor PlanCase::Input(DType type, Extents extents, int64_t seed, double scale) {
  int64_t count = 1;
  for (const int64_t extent : extents) count *= extent;
  std::vector<double> numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(Element(i, seed, scale));
  return InputOf(type, std::move(extents), numbers);
}

Tensor PlanCase::InputOf(DType type, Extents extents, const std::vector<double>& numbers, Extents strides) {
  const Tensor tensor = graph.Stored(type, std::move(extents), std::move(strides));
  Hold(tensor, BytesFrom(type, numbers), false);
  return tensor;
}

Tensor PlanCase::ByValue(double number, DType type, size_t rank) {
  const Tensor tensor = graph.ByValue(type, rank);
  Hold(tensor, BytesFrom(type, {number}), true);
  return tensor;
}

void PlanCase::Output(const std::string& name, Tensor tensor, DType type) {
  graph.Store(tensor, type);
  Hold(tensor, std::vector<std::byte>(graph.info(tensor).bytes(), std::byte{0xff}), false);
  outputs_[name] = tensor;
}

std::vector<Port> PlanCase::Ports() {
  std::vector<Port> ports;
  for (const PlanPort& port : plan_->ports()) {
    Block& block = blocks_.at(port.id);
    void* const memory = block.memory.data();
    const DevicePtr device(reinterpret_cast<uintptr_t>(memory));
    ports.push_back(block.by_value ? PortOf(Tensor{port.id}, memory) : PortOf(Tensor{port.id}, device));
  }
  return ports;
}

std::map<std::string, std::vector<double>> PlanCase::Run() {
  plan_ = PinnedPlans().Build(graph, rules);
  std::vector<std::byte> scratch(ScratchBytes(*plan_));
  LateQueue queue;
  const auto runner = slimnet::testing::NewSoftRunner();
  const DevicePtr space(reinterpret_cast<uintptr_t>(scratch.data()));
  runner->Run(*plan_, Ports(), plan_->workspace_bytes() == 0 ? DevicePtr() : WorkspaceIn(space), queue);
  queue.Wait();
  std::map<std::string, std::vector<double>> results;
  for (const auto& [name, tensor] : outputs_) {
    const Block& block = blocks_.at(tensor.id);
    const auto* const from = reinterpret_cast<const std::byte*>(block.memory.data());
    results[name] = NumbersFrom(graph.info(tensor).type, std::vector<std::byte>(from, from + block.bytes));
  }
  return results;
}

}  // namespace slimnet::cudnn::testing
