// What the reference backend makes of one op, for comparing kernels with it.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "backends/reference/reference.h"
#include "base/code.h"
#include "native/builder.h"

namespace slimnet::cudnn::testing {

struct Data {
  TensorType type;
  std::optional<Encoding> encoding = {};
  std::vector<std::byte> bytes = {};

  int64_t count() const { return ElementCount(type.shape); }
  template <class T>
  std::vector<T> As() const {
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  DevicePtr data() { return SharedAddress(bytes.data()); }
};

template <class T>
Data DataOf(DType dtype, Shape shape, const std::vector<T>& values, std::optional<Encoding> encoding = {}) {
  Data data{{dtype, std::move(shape)}, encoding, std::vector<std::byte>(values.size() * sizeof(T))};
  if (!values.empty()) std::memcpy(data.bytes.data(), values.data(), data.bytes.size());
  return data;
}

inline Data Floats32(Shape shape, const std::vector<float>& values) {
  return DataOf(DType::kFloat32, std::move(shape), values);
}

// How a float32 tensor is stored in tests; the last two hold numbers up to some 4.
inline const std::vector<std::optional<Encoding>> kEncodings{
    std::nullopt, Encoding{DType::kBFloat16, 0}, Encoding{DType::kInt8, 1.0 / 32}, Encoding{DType::kUInt8, 1.0 / 64}};

// Numbers of a tensor as it is stored.
inline Data Stored(Shape shape, const std::vector<float>& values, const std::optional<Encoding>& encoding) {
  if (!encoding) return Floats32(std::move(shape), values);
  const auto with = [&](auto code) {
    std::vector<typename decltype(code)::Stored> stored;
    for (const float value : values) stored.push_back(code.Store(value));
    return DataOf(DType::kFloat32, shape, stored, encoding);
  };
  if (encoding->dtype == DType::kBFloat16) return with(Code<BFloat16>(0));
  if (encoding->dtype == DType::kInt8) return with(Code<int8_t>(encoding->step));
  return with(Code<uint8_t>(encoding->step));
}

// And back.
inline std::vector<float> Numbers(const Data& data) {
  if (!data.encoding) return data.As<float>();
  const auto with = [&](auto code) {
    std::vector<float> values;
    for (const auto stored : data.As<typename decltype(code)::Stored>()) values.push_back(code.Load(stored));
    return values;
  };
  if (data.encoding->dtype == DType::kBFloat16) return with(Code<BFloat16>(0));
  if (data.encoding->dtype == DType::kInt8) return with(Code<int8_t>(data.encoding->step));
  return with(Code<uint8_t>(data.encoding->step));
}

inline std::vector<float> Random(int64_t count, float smallest = -2, float largest = 2, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> distribution(smallest, largest);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(distribution(generator));
  return values;
}

struct ReferenceOp {
  Attrs attrs;
  std::vector<Data> inputs;
  std::optional<Encoding> result = {};  // how the first one is stored
  // Absorbed ops, and their operands (of those that have some, in order), stored as the result is.
  std::vector<PostOp::Kind> post_ops = {};
  std::vector<Data> operands = {};
  DrawPosition draw = {};
};

// All results.
inline std::vector<Data> OnReference(const ReferenceOp& op) {
  slimnet::testing::Builder builder;
  std::vector<ValueId> ids;
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    ids.push_back(builder.Input("x" + std::to_string(i), op.inputs[i].type));
  }
  builder.Op(op.attrs, ids);
  Program program = builder.TakeUnchecked();
  Node& node = program.nodes.back();
  for (size_t i = 0; i < ids.size(); ++i) program.values[At(ids[i])].encoding = op.inputs[i].encoding;
  program.values[At(node.outputs[0])].encoding = op.result;
  std::vector<DevicePtr> operands;
  size_t next = 0;
  for (const PostOp::Kind kind : op.post_ops) {
    PostOp post{kind};
    operands.emplace_back();
    if (Info(kind).has_operand) {
      const Data& data = op.operands.at(next++);
      post.operand = program.AddValue(data.type);
      program.values[At(post.operand)].encoding = data.encoding;
      operands.back() = SharedAddress(data.bytes.data());
    }
    node.post_ops.push_back(post);
  }
  std::vector<Data> results;
  std::vector<DevicePtr> inputs;
  std::vector<DevicePtr> outputs;
  for (const Data& data : op.inputs) inputs.push_back(SharedAddress(data.bytes.data()));
  for (const ValueId id : node.outputs) {
    const Value& value = program.values[At(id)];
    results.push_back({value.type, value.encoding, std::vector<std::byte>(value.bytes(), std::byte{0x7b})});
  }
  for (Data& data : results) outputs.push_back(data.data());
  const auto backend = ReferenceEntry().make({});
  const auto kernel = backend->Prepare({program, node});
  const auto scratch = backend->Allocate(kernel->scratch_bytes());
  const auto stream = backend->NewStream(nullptr);
  kernel->NewInvocation()->Enqueue(*stream, {inputs, operands, outputs, scratch->data(), op.draw});
  stream->Wait();
  return results;
}

// NaN is NaN, infinities are equal, other numbers differ by no more than so much of the larger one, or of `unit`.
inline void ExpectClose(const std::vector<float>& actual, const std::vector<float>& expected, double relative,
                        double unit, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(expected[i]) || std::isinf(expected[i])) {
      ASSERT_TRUE(actual[i] == expected[i] || (std::isnan(actual[i]) && std::isnan(expected[i])))
          << what << ": element " << i << ": " << actual[i] << ", expected " << expected[i];
      continue;
    }
    const double most = relative * std::max(std::abs(static_cast<double>(expected[i])), unit);
    ASSERT_LE(std::abs(static_cast<double>(actual[i]) - static_cast<double>(expected[i])), most)
        << what << ": element " << i << ": " << actual[i] << ", expected " << expected[i];
  }
}

// How much of a number an encoding may lose where two ways round it to neighbours, and of which unit.
inline double PrecisionOf(const std::optional<Encoding>& encoding) {
  if (!encoding) return 4e-6;
  return encoding->dtype == DType::kBFloat16 ? 1.0 / 128 : 1;
}
inline double UnitOf(const std::optional<Encoding>& encoding) {
  if (!encoding || encoding->dtype == DType::kBFloat16) return 1e-3;
  return encoding->step;
}

}  // namespace slimnet::cudnn::testing
