#include "tools/bundle/verdict.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <utility>

#include "base/error.h"
#include "ir/text.h"
#include "tools/bundle/compare.h"

namespace slimnet::bundle {
namespace {

using Bytes = std::vector<std::byte>;
using ByName = std::map<std::string, Bytes>;

// What the reference makes of the runs.
using Expected = std::vector<RunResults>;

class Judge {
 public:
  // `expected` stands in for what the bundle expects: everywhere with `all`, else where it leaves that to the
  // reference.
  Judge(const Case& item, const Computed& computed, const Expected* expected, bool all)
      : item_(item), computed_(computed), expected_(expected), all_(all) {}

  // The largest error, and what is wrong; `text` is empty where nothing is.
  Difference Look() {
    for (size_t i = 0; i < item_.runs.size() && found_.text.empty(); ++i) LookAt(i);
    return found_;
  }

 private:
  void LookAt(size_t i) {
    const Run& run = item_.runs[i];
    const RunResults& results = computed_.runs[i];
    where_ = item_.runs.size() == 1 ? "" : "run " + std::to_string(i + 1) + ": ";
    if (!run.fails.empty()) return LookAtFailure(run, results);
    if (results.failure)
      return Note({std::numeric_limits<double>::infinity(), results.failure->what()}, "the run failed");
    for (const Expectation& e : run.outputs) {
      LookAt("result", e, results.outputs, expected_ == nullptr ? nullptr : &(*expected_)[i].outputs);
    }
    for (const Expectation& e : run.variables) {
      LookAt("variable", e, results.variables, expected_ == nullptr ? nullptr : &(*expected_)[i].variables);
    }
  }

  void LookAtFailure(const Run& run, const RunResults& results) {
    const std::string message = results.failure ? results.failure->what() : "";
    if (message.find(run.fails) != std::string::npos) return;
    Note({std::numeric_limits<double>::infinity(),
          results.failure ? "it failed with: " + message : std::string("it ended well")},
         "the run should fail with " + Quote(run.fails));
  }

  void LookAt(const std::string& what, const Expectation& e, const ByName& actual, const ByName* expected) {
    const std::string& name = e.tensor.name;
    const auto found = actual.find(name);
    if (found == actual.end()) {
      return Note({std::numeric_limits<double>::infinity(), "there is none"}, what + " " + Quote(name));
    }
    const bool by_reference = e.tensor.data.kind == Data::Kind::kReference;
    if (!all_ && !by_reference) return Note(Compare(found->second, e), what + " " + Quote(name));
    if (expected == nullptr) return;  // the reference itself
    // Sums and samples of other values are not known: all elements are compared.
    Measure measure = e.measure;
    if (measure.kind == Measure::Kind::kStatistics) measure.kind = Measure::Kind::kClose;
    Note(Compare(found->second, expected->at(name), e.tensor.type, measure), what + " " + Quote(name));
  }

  void Note(const Difference& difference, const std::string& what) {
    found_.error = std::max(found_.error, difference.error);
    if (found_.text.empty() && !difference.text.empty()) found_.text = where_ + what + ": " + difference.text;
  }

  const Case& item_;
  const Computed& computed_;
  const Expected* const expected_;
  const bool all_;
  std::string where_;
  Difference found_;
};

CaseResult Judged(const Case& item, Computed computed, const std::string& differs, const Expected* expected, bool all) {
  CaseResult result;
  if (!computed.refused.empty()) {
    result.state = CaseResult::State::kRefused;
    result.message = computed.refused;
    return result;
  }
  const Difference found = Judge(item, computed, expected, all).Look();
  result.error = found.error;
  result.message = found.text;
  const bool right = found.text.empty();
  if (differs.empty()) {
    result.state = right ? CaseResult::State::kPassed : CaseResult::State::kFailed;
  } else {
    // A note that has become untrue is wrong.
    result.state = right ? CaseResult::State::kFailed : CaseResult::State::kPassed;
    result.message = right ? "it should differ (" + differs + ") and does not" : "differs as noted: " + differs;
    result.error = 0;
  }
  result.computed = std::move(computed);
  return result;
}

std::string DifferenceOn(const Case& item, const std::string& backend) {
  for (const auto& [name, reason] : item.differs) {
    if (name == backend) return reason;
  }
  return {};
}

bool LeavesToReference(const Case& item) {
  const auto leaves = [](const Expectation& e) { return e.tensor.data.kind == Data::Kind::kReference; };
  return std::any_of(item.runs.begin(), item.runs.end(), [&](const Run& run) {
    return std::any_of(run.outputs.begin(), run.outputs.end(), leaves) ||
           std::any_of(run.variables.begin(), run.variables.end(), leaves);
  });
}

CaseResult Failed(const Error& error) {
  CaseResult result;
  result.state = CaseResult::State::kFailed;
  result.error = std::numeric_limits<double>::infinity();
  result.message = std::string(Name(error.code())) + ": " + error.what();
  return result;
}

template <class T>
void ShuffleAs(Bytes& bytes, std::mt19937_64& random) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  std::shuffle(values.begin(), values.end(), random);
  std::memcpy(bytes.data(), values.data(), bytes.size());
}

// Integers stay: they may be labels, or positions.
void Shuffle(const std::vector<Tensor>& tensors, ByName& values, std::mt19937_64& random) {
  for (const Tensor& tensor : tensors) {
    if (tensor.type.dtype == DType::kFloat32) ShuffleAs<float>(values.at(tensor.name), random);
    if (tensor.type.dtype == DType::kFloat64) ShuffleAs<double>(values.at(tensor.name), random);
  }
}

}  // namespace

CaseResult Check(const Case& item, Machine& machine, Machine& reference) {
  try {
    const Values values(item);
    Computed expected;
    const bool ask = LeavesToReference(item) && &machine != &reference;
    if (ask) expected = reference.Compute(item, values);
    if (!expected.refused.empty()) throw Error(ErrorCode::kBackend, expected.refused);
    return Judged(item, machine.Compute(item, values), DifferenceOn(item, machine.backend().name()),
                  ask ? &expected.runs : nullptr, false);
  } catch (const Error& error) {
    return Failed(error);
  }
}

CaseResult CheckShuffled(const Case& item, Machine& machine, Machine& reference, uint64_t seed) {
  const bool fails = std::any_of(item.runs.begin(), item.runs.end(), [](const Run& run) { return !run.fails.empty(); });
  if (fails || item.slow_on_reference || !DifferenceOn(item, machine.backend().name()).empty()) return {};
  try {
    Values values(item);
    std::mt19937_64 random(seed);
    Shuffle(item.variables, values.variables, random);
    for (size_t i = 0; i < item.runs.size(); ++i) Shuffle(item.runs[i].feeds, values.feeds[i], random);
    const Computed expected = reference.Compute(item, values);
    const bool failed = std::any_of(expected.runs.begin(), expected.runs.end(),
                                    [](const RunResults& results) { return results.failure.has_value(); });
    if (!expected.refused.empty() || failed) return {};
    return Judged(item, machine.Compute(item, values), {}, &expected.runs, true);
  } catch (const Error& error) {
    return Failed(error);
  }
}

}  // namespace slimnet::bundle
