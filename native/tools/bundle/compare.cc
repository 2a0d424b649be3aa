#include "tools/bundle/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/half.h"
#include "ir/text.h"

namespace slimnet::bundle {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kSampleStream = 3000;  // of scripts/golden/make_nets.py

template <class T>
double At(std::span<const std::byte> bytes, size_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  if constexpr (requires { value.bits; }) {
    return ToFloat(value);
  } else {
    return static_cast<double>(value);
  }
}

double NumberAt(DType dtype, std::span<const std::byte> bytes, size_t i) {
  switch (dtype) {
    case DType::kFloat32:
      return At<float>(bytes, i);
    case DType::kFloat64:
      return At<double>(bytes, i);
    case DType::kFloat16:
      return At<Float16>(bytes, i);
    case DType::kBFloat16:
      return At<BFloat16>(bytes, i);
    case DType::kInt8:
      return At<int8_t>(bytes, i);
    case DType::kInt16:
      return At<int16_t>(bytes, i);
    case DType::kInt32:
      return At<int32_t>(bytes, i);
    case DType::kInt64:
      return At<int64_t>(bytes, i);
    case DType::kUInt8:
    case DType::kBool:
      return At<uint8_t>(bytes, i);
    case DType::kUInt16:
      return At<uint16_t>(bytes, i);
    case DType::kUInt32:
      return At<uint32_t>(bytes, i);
    case DType::kUInt64:
      return At<uint64_t>(bytes, i);
  }
  return 0;
}

std::vector<double> Numbers(DType dtype, std::span<const std::byte> bytes) {
  std::vector<double> numbers(bytes.size() / BytesOf(dtype));
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = NumberAt(dtype, bytes, i);
  return numbers;
}

// Root mean square of the finite ones.
double Rms(const std::vector<double>& numbers) {
  double sum = 0;
  size_t count = 0;
  for (const double number : numbers) {
    if (!std::isfinite(number)) continue;
    sum += number * number;
    ++count;
  }
  return count == 0 ? 0 : std::sqrt(sum / static_cast<double>(count));
}

bool Same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// `off` as a part of `allowed`.
double Part(double off, double allowed) {
  if (off == 0) return 0;
  return std::isfinite(off) && allowed > 0 ? off / allowed : kInfinity;
}

Difference Close(const std::vector<double>& actual, const std::vector<double>& expected, const Measure& measure) {
  const double scale = Rms(expected);
  Difference found;
  size_t wrong = 0;
  size_t first = 0;
  double largest = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (Same(actual[i], expected[i])) continue;
    const double off = std::isfinite(expected[i]) ? std::abs(actual[i] - expected[i]) : kInfinity;
    const double part = Part(off, measure.limit * (std::abs(expected[i]) + scale) + measure.addend);
    found.error = std::max(found.error, part);
    if (part <= 1) continue;
    if (wrong++ == 0) first = i;
    largest = std::isnan(off) ? kInfinity : std::max(largest, off);
  }
  if (wrong > 0) {
    found.text = std::to_string(wrong) + " of " + std::to_string(expected.size()) + " values differ, by up to " +
                 NumberText(largest) + "; the first is [" + std::to_string(first) + "]: " + NumberText(actual[first]) +
                 " instead of " + NumberText(expected[first]);
  }
  return found;
}

Difference RmsOfErrors(const std::vector<double>& actual, const std::vector<double>& expected, const Measure& measure) {
  double sum = 0;
  for (size_t i = 0; i < expected.size(); ++i) sum += (actual[i] - expected[i]) * (actual[i] - expected[i]);
  const double off = expected.empty() ? 0 : std::sqrt(sum / static_cast<double>(expected.size()));
  const double scale = std::max(Rms(expected), measure.addend);
  Difference found;
  found.error = Part(std::isnan(off) ? kInfinity : off, measure.limit * scale);
  if (found.error > 1) {
    found.text = "the errors have a root mean square of " + NumberText(off) + ", and the values one of " +
                 NumberText(scale) + ": more than " + NumberText(measure.limit) + " of it";
  }
  return found;
}

// `stored`: sum, sum of the absolute values, smallest, largest, then samples, whose positions are drawn.
Difference Statistics(const std::vector<double>& actual, const std::vector<double>& stored, const Measure& measure) {
  double sum = 0;
  double absolute = 0;
  double smallest = kInfinity;
  double largest = -kInfinity;
  bool numbers = true;
  for (const double number : actual) {
    numbers &= !std::isnan(number);
    sum += number;
    absolute += std::abs(number);
    smallest = std::min(smallest, number);
    largest = std::max(largest, number);
  }
  double range = std::max(stored[3], 0.0) - std::min(stored[2], 0.0);
  if (range == 0) range = 1;
  const auto size = static_cast<double>(actual.size());
  const double extremes = std::max(std::abs(smallest - stored[2]), std::abs(largest - stored[3])) / range;
  const double sums =
      std::max(std::abs(sum - stored[0]), std::abs(absolute - stored[1])) / (stored[1] + range * std::sqrt(size));
  double samples = 0;
  for (size_t i = 4; i < stored.size() && !actual.empty(); ++i) {
    const auto at = static_cast<size_t>(std::floor(Drawn(static_cast<int64_t>(i) - 4, kSampleStream) * size));
    samples = std::max(samples, std::abs(actual[at] - stored[i]) / range);
  }
  Difference found;
  found.error = numbers ? Part(std::max({extremes, sums, samples}), measure.limit) : kInfinity;
  if (!(found.error <= 1)) {
    found.error = std::max(found.error, 0.0);
    found.text = "errors relative to the range of the values: extremes " + NumberText(extremes) + ", sums " +
                 NumberText(sums) + ", samples " + NumberText(samples) + "; allowed: " + NumberText(measure.limit) +
                 (numbers ? "" : "; there is a NaN");
  }
  return found;
}

}  // namespace

Difference Compare(std::span<const std::byte> actual, std::span<const std::byte> expected, const TensorType& type,
                   const Measure& measure) {
  const std::vector<double> found = Numbers(type.dtype, actual);
  if (found.size() != static_cast<size_t>(ElementCount(type.shape))) {
    return {kInfinity, std::to_string(found.size()) + " values instead of " + std::to_string(ElementCount(type.shape))};
  }
  if (measure.kind == Measure::Kind::kStatistics) {
    return Statistics(found, Numbers(DType::kFloat64, expected), measure);
  }
  const std::vector<double> right = Numbers(type.dtype, expected);
  return measure.kind == Measure::Kind::kRms ? RmsOfErrors(found, right, measure) : Close(found, right, measure);
}

Difference Compare(std::span<const std::byte> actual, const Expectation& expected) {
  const Tensor& tensor = expected.tensor;
  if (expected.measure.kind == Measure::Kind::kStatistics || tensor.data.kind == Data::Kind::kValues) {
    return Compare(actual, tensor.data.bytes, tensor.type, expected.measure);
  }
  return Compare(actual, Materialize(tensor), tensor.type, expected.measure);
}

}  // namespace slimnet::bundle
