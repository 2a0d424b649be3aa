// Recorded computations: plan, values, and what must come out (docs/gpu.md). A bundle is one file of many cases, which
// a machine without Node can run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/program.h"

namespace slimnet::bundle {

// Elements of a tensor: as they stand, or how they are made.
struct Data {
  enum class Kind : uint8_t {
    kValues,     // `bytes` is all of them
    kRepeated,   // `bytes` again and again
    kDrawn,      // offset + scale (2 h(i mod period, stream) - 1), the numbers of scripts/golden/generator.mjs
    kReference,  // what the reference backend computes: of what is expected alone
  };
  Kind kind = Kind::kValues;
  std::span<const std::byte> bytes;
  int64_t stream = 0;
  double scale = 1;
  double offset = 0;
  int64_t period = 0;  // of elements; 0: none
};

struct Tensor {
  std::string name;
  TensorType type;
  Data data;
};

// How far a result may be from what is expected.
struct Measure {
  enum class Kind : uint8_t {
    kClose,       // of each element: limit (|e| + rms of all e) + addend
    kRms,         // rms of the errors: limit times that of the expected ones, or times `addend` where that is less
    kStatistics,  // of sums, extremes and samples, relative to the range: the data are float64, see compare.cc
  };
  Kind kind = Kind::kClose;
  double limit = 0;
  double addend = 0;
};

struct Expectation {
  Tensor tensor;
  Measure measure;
};

struct Run {
  std::vector<Tensor> feeds;
  std::vector<Expectation> outputs;
  std::vector<Expectation> variables;  // after the run
  std::string fails;                   // part of the message with which it must fail; empty: it must not
};

struct Case {
  std::string name;
  std::string_view plan;
  bool slow_on_reference = false;
  std::vector<Tensor> variables;
  std::vector<Run> runs;  // one after the other, on the same variables
  // Backends whose results are others, and why.
  std::vector<std::pair<std::string, std::string>> differs;
};

// Keeps the file's bytes, in which its cases' data lie.
class Bundle {
 public:
  // Throws Error{kArgument}, which names the file, the case and the line, where the file is missing, damaged, cut off,
  // or of another version.
  static Bundle Read(const std::string& path);
  // `origin` stands in errors.
  static Bundle Parse(std::vector<std::byte> bytes, std::string origin);

  const std::vector<Case>& cases() const { return cases_; }

 private:
  std::vector<std::byte> bytes_;
  std::vector<Case> cases_;
};

// All elements of a tensor, unless they are the reference's. Throws Error{kMemory}.
std::vector<std::byte> Materialize(const Tensor& tensor);

// h(i, stream), in [0, 1).
double Drawn(int64_t i, int64_t stream);

}  // namespace slimnet::bundle
